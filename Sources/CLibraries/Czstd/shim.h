// libzstd: Zstandard frames (Debian: libzstd-dev).
#pragma once
#include <zstd.h>
#include <zstd_errors.h>

// The two answers of ZSTD_getFrameContentSize that are no size; as macros they are beyond Swift.
static const unsigned long long czstd_content_size_unknown = ZSTD_CONTENTSIZE_UNKNOWN;
static const unsigned long long czstd_content_size_error = ZSTD_CONTENTSIZE_ERROR;

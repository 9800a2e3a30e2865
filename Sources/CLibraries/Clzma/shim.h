// liblzma: .xz and .lzma streams (Debian: liblzma-dev). `lzma_stream()` in Swift is LZMA_STREAM_INIT: all zeroes.
#pragma once
#include <lzma.h>

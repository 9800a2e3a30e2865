// liblz4: LZ4 blocks and frames (Debian: liblz4-dev). The kernel image uses the legacy frame: blocks, one by one.
#pragma once
#include <lz4.h>
#include <lz4frame.h>

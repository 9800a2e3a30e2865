// zlib: deflate, gzip and zlib streams (Debian: zlib1g-dev).
#pragma once
#include <zlib.h>

// inflateInit2, a macro and so beyond Swift. `window_bits` is 15 for a zlib stream, 31 for gzip, 47 for either,
// -15 for bare deflate. Returns Z_OK or a zlib error.
static inline int czlib_inflate_init(z_stream *stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}

// deflateInit, a macro too: a zlib stream. Returns Z_OK or a zlib error.
static inline int czlib_deflate_init(z_stream *stream, int level) {
  return deflateInit(stream, level);
}

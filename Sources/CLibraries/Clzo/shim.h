// liblzo2: LZO1X blocks (Debian: liblzo2-dev). Only lzo1x_decompress_safe may be given bytes from outside.
#pragma once
#include <stddef.h>

#include <lzo/lzo1x.h>

// lzo_init, a macro and so beyond Swift: checks that the library was built for this machine. Returns LZO_E_OK or an
// error; to be called once before any other function of the library.
static inline int clzo_init(void) { return lzo_init(); }

// The size of what lzo1x_1_12_compress needs to work in, in bytes: a macro, too.
static inline size_t clzo_workspace_size(void) { return LZO1X_1_12_MEM_COMPRESS; }

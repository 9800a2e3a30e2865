// liblzo2: LZO1X blocks (Debian: liblzo2-dev). Only lzo1x_decompress_safe may be given bytes from outside.
#pragma once
#include <lzo/lzo1x.h>

// lzo_init, a macro and so beyond Swift: checks that the library was built for this machine. Returns LZO_E_OK or an
// error; to be called once before any other function of the library.
static inline int clzo_init(void) { return lzo_init(); }

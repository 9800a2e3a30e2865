// Capstone: disassembly (Debian: libcapstone-dev). The static build links an x86-only archive of the same version,
// so no other architecture may be asked for.
#pragma once
#include <capstone/capstone.h>

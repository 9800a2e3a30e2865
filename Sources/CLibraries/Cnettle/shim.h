// Nettle: digests (Debian: nettle-dev).
#pragma once
#include <nettle/nettle-meta.h>

// libsnappy: Snappy blocks (Debian: libsnappy-dev), the compression of AVML and of makedumpfile -p.
#pragma once
#include <snappy-c.h>

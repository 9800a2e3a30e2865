// libbz2: bzip2 streams (Debian: libbz2-dev).
#pragma once
#include <bzlib.h>

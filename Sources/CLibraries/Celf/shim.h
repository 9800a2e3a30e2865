// libelf: ELF files, read from memory (Debian: libelf-dev). Nothing here may be given a file descriptor.
#pragma once
#include <gelf.h>

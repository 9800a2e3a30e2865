// libarchive: the files in packages (Debian: libarchive-dev). It is only ever given bytes, through callbacks: nothing
// here may write to disk or open a file.
#pragma once
#include <archive.h>
#include <archive_entry.h>

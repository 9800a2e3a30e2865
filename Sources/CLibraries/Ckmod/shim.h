// libkmod: what the system knows of kernel modules (Debian: libkmod-dev). Only the parts that look are for use here:
// nothing in this project may load, insert or remove a module.
#pragma once
#include <libkmod.h>

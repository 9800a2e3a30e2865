// Stands in, in the one file alone, for what Swift's library brings along and nothing in the program asks for (build-static).

// The name of a Unicode scalar, such as LATIN SMALL LETTER A; 0 for one that has none. The tables of all names are 535 kB.
// stdlib/public/SwiftShims/swift/shims/UnicodeData.h of Swift 6.3: _swift_stdlib_getScalarName().
long __wrap__swift_stdlib_getScalarName(unsigned scalar, unsigned char *buffer, long capacity) {
  (void)scalar, (void)buffer, (void)capacity;
  return 0;
}

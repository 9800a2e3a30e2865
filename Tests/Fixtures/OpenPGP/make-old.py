"""Makes what gpg does not: a signature of version 3 by RSA, as rpm packages have it, and one by the algorithm 27 (Ed25519).

Writes document.version3.sig, document.ed25519-27.sig, and old.gpg with both keys. Source: RFC 4880, 5.2.2; RFC 9580, 5.5.5.
"""
import hashlib
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

TIME = 1709294400  # 2024-03-01 12:00:00


def number(value):
    return struct.pack(">H", value.bit_length()) + value.to_bytes((value.bit_length() + 7) // 8, "big")


def packet(tag, body):
    return bytes([0x80 | tag << 2 | 1]) + struct.pack(">H", len(body)) + body


class Key:
    def __init__(self, algorithm, public, sign, name):
        self.algorithm, self.sign, self.name = algorithm, sign, name.encode()
        self.body = bytes([4]) + struct.pack(">IB", TIME, algorithm) + public
        self.digested = b"\x99" + struct.pack(">H", len(self.body)) + self.body
        self.id = hashlib.sha1(self.digested).digest()[-8:]

    def version4(self, kind, signed):
        parts = b"\x05\x02" + struct.pack(">I", TIME) + b"\x09\x10" + self.id + b"\x02\x1b\x03"
        head = bytes([4, kind, self.algorithm, 8]) + struct.pack(">H", len(parts)) + parts
        digest = hashlib.sha256(signed + head + b"\x04\xff" + struct.pack(">I", len(head))).digest()
        return packet(2, head + b"\0\0" + digest[:2] + self.sign(digest))

    def version3(self, signed):
        head = b"\0" + struct.pack(">I", TIME)
        digest = hashlib.sha256(signed + head).digest()
        return packet(2, b"\x03\x05" + head + self.id + bytes([self.algorithm, 8]) + digest[:2] + self.sign(digest))

    def certificate(self):
        named = self.digested + b"\xb4" + struct.pack(">I", len(self.name)) + self.name
        return packet(6, self.body) + packet(13, self.name) + self.version4(0x13, named)


def rsa_key():
    key = rsa.generate_private_key(65537, 2048)
    numbers = key.public_key().public_numbers()

    def sign(digest):
        return number(int.from_bytes(key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256())), "big"))

    return Key(1, number(numbers.n) + number(numbers.e), sign, "Example version 3")


def ed25519_key():
    key = ed25519.Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Key(27, raw, key.sign, "Example algorithm 27")


document = open(sys.argv[1], "rb").read()
old, new = rsa_key(), ed25519_key()
for name, content in [
    ("old.gpg", old.certificate() + new.certificate()),
    ("document.version3.sig", old.version3(document)),
    ("document.ed25519-27.sig", new.version4(0, document)),
]:
    with open(name, "wb") as file:
        file.write(content)

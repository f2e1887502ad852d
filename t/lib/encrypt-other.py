#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The format of blockstore-encrypt(7), written down a second time, from the manual alone.  AES is openssl's, GCM is here.

open KEYFILE OBJECT                    the data, or exit 1
seal KEYFILE KIND TEXT VERSION <DATA   an object; KIND: immutable, mutable, mark
name KEYFILE KIND TEXT                 what the store is told
"""
import hashlib
import hmac
import subprocess
import sys

KINDS = {"immutable": 1, "mutable": 2, "mark": 3}


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


class Key:
    def __init__(self, line):
        master = bytes.fromhex(line)
        label = b"blockstore-encrypt-1 "
        self.id = mac(master, label + b"key id")[:8]
        self.names, self.salts, self.files = (mac(master, label + word) for word in (b"names", b"salts", b"files"))


def keys_of(path):
    with open(path, encoding="ascii") as file:
        return [Key(line.split("#")[0].strip()) for line in file if line.split("#")[0].strip()]


def name_of(key, kind, text):
    if kind == 3:
        return hashlib.sha256(b"blockstore-encrypt-1 mark").digest()[:20] + bytes(12)
    name = mac(key.names, bytes([kind]) + text.encode())
    return name if kind == 2 else name[:20] + bytes(12)


def aes(key, mode, *more, data):
    command = ["openssl", "enc", "-aes-256-" + mode, "-K", key.hex(), *more]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def times(x, y):
    """In GF(2^128) as GCM writes it."""
    product = 0
    for bit in range(127, -1, -1):
        if y >> bit & 1:
            product ^= x
        x = x >> 1 ^ (0xE1 << 120 if x & 1 else 0)
    return product


def ghash(key, data):
    subkey = int.from_bytes(aes(key, "ecb", "-nopad", data=bytes(16)), "big")
    table = [[times(byte << (8 * at), subkey) for byte in range(256)] for at in range(16)]
    blocks = data + bytes(-len(data) % 16) + bytes(8) + (8 * len(data)).to_bytes(8, "big")
    state = 0
    for at in range(0, len(blocks), 16):
        state ^= int.from_bytes(blocks[at:at + 16], "big")
        product = 0
        for byte in range(16):
            product ^= table[byte][state >> (8 * byte) & 255]
        state = product
    return state.to_bytes(16, "big")


def gcm(key, nonce, data, seals):
    """The data encrypted or decrypted, and the tag."""
    stream = aes(key, "ctr", "-iv", (nonce + b"\0\0\0\1").hex(), data=bytes(16) + data)
    mask, result = stream[:16], stream[16:]
    sealed = result if seals else data
    return result, bytes(a ^ b for a, b in zip(mask, ghash(key, sealed)))


def padded(size):
    length = size + 8
    if length <= 256:
        return 256
    exponent = length.bit_length() - 1
    step = 2 ** (exponent - exponent.bit_length())
    return -(-length // step) * step


def seal(key, kind, text, version, data):
    name = name_of(key, kind, text)
    facts = bytes([kind]) + name + version.to_bytes(8, "big") + len(data).to_bytes(8, "big") + hashlib.sha256(data).digest()
    header = b"BSCRPT\1" + bytes([kind]) + key.id + name + mac(key.salts, facts)
    plain = len(data).to_bytes(8, "big") + data
    plain += bytes(padded(len(data)) - len(plain))
    whole = header
    for at in range(0, len(plain), 65536):
        nonce = (at // 65536).to_bytes(11, "big") + bytes([at + 65536 >= len(plain)])
        sealed, tag = gcm(mac(key.files, header), nonce, plain[at:at + 65536], True)
        whole += sealed + tag
    return whole


def unseal(keys, whole):
    header, rest = whole[:80], whole[80:]
    key = next(key for key in keys if key.id == header[8:16])
    plain = b""
    for at in range(0, len(rest), 65552):
        nonce = (at // 65552).to_bytes(11, "big") + bytes([at + 65552 >= len(rest)])
        chunk = rest[at:at + 65552]
        opened, tag = gcm(mac(key.files, header), nonce, chunk[:-16], False)
        assert tag == chunk[-16:], "the tag is wrong"
        plain += opened
    size = int.from_bytes(plain[:8], "big")
    assert len(plain) == padded(size) and not any(plain[8 + size:]), "the padding is wrong"
    return plain[8:8 + size]


def main(what, path, *rest):
    keys = keys_of(path)
    if what == "open":
        with open(rest[0], "rb") as file:
            sys.stdout.buffer.write(unseal(keys, file.read()))
    elif what == "seal":
        sys.stdout.buffer.write(seal(keys[0], KINDS[rest[0]], rest[1], int(rest[2]), sys.stdin.buffer.read()))
    else:
        name = name_of(keys[0], KINDS[rest[0]], rest[1])
        print("e-" + name.hex() if rest[0] == "mutable" else name[:20].hex())


main(*sys.argv[1:])

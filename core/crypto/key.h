/* SPDX-License-Identifier: MIT */
/*
 * secp256k1 keys: private keys from files, hexadecimal and WIF, public keys, addresses.  A private key is never logged,
 * never part of an error message, and wiped when freed.
 */
#ifndef BS_CRYPTO_KEY_H
#define BS_CRYPTO_KEY_H

#include "core/base/buffer.h"
#include "core/crypto/digest.h"

#define BS_PUBLIC_KEY_MAX 65
#define BS_ADDRESS_TEXT 40 /* room for a base58check address of 21 bytes and a NUL */

enum bs_network { BS_NETWORK_MAIN, BS_NETWORK_TEST };

struct bs_public_key {
  unsigned char bytes[BS_PUBLIC_KEY_MAX]; /* 02 or 03 and 32 bytes, or 04 and 64 */
  size_t length;                          /* 33 or 65 */
  unsigned char point[64];                /* parsed, in libsecp256k1's form, once is_parsed: parsing costs 5 us */
  bool is_parsed;
};

/* A private key, whether its public key is meant compressed, and that public key.  Never changes, so threads may share
 * it.  While one exists its memory is kept out of swap where limits allow; from the first one on, even when that turns
 * out to be none, the process is not dumpable (no core file, no debugger of the same user). */
struct bs_key;

/* From the system's random source; compressed.  Words of all that make a key: no_memory, and what is said there. */
bool bs_key_generate(struct bs_key **ret_key, struct bs_error *error);
/* 64 hexadecimal digits (uncompressed public key, as in 2015), 66 with 01 behind (compressed), or WIF of either
 * network.  White space around it is allowed.  Word: key. */
bool bs_key_from_text(struct bs_key **ret_key, const char *text, size_t length, struct bs_error *error);
/* A file with one such text, of the user's own and closed to others (denied otherwise), at most 1 KiB.  Words: those of
 * bs_file_read_secret, key. */
bool bs_key_from_file(struct bs_key **ret_key, const char *path, struct bs_error *error);
/* Writes WIF and a newline, mode 0600, durably; conflict when the file exists. */
bool bs_key_to_file(const struct bs_key *key, const char *path, enum bs_network network, struct bs_error *error);
bool bs_key_copy(struct bs_key **ret_key, const struct bs_key *key, struct bs_error *error);
void bs_key_free(struct bs_key *key);

/* Lives as long as the key. */
const struct bs_public_key *bs_key_public(const struct bs_key *key);
/* False unless it is 02 or 03 and 32 bytes, or 04 and 64, of a point on the curve. */
bool bs_public_key_parse(struct bs_public_key *ret_key, const void *bytes, size_t length);
/* hash160 of the bytes as they are: of an address. */
void bs_public_key_hash(unsigned char hash[BS_HASH160_SIZE], const struct bs_public_key *key);
/* hash160 of the compressed form, by which signers are named.  The key is one: parsed, or of bs_key_public. */
void bs_public_key_signer(unsigned char hash[BS_HASH160_SIZE], const struct bs_public_key *key);
/* False when the key is none.  *ret_key and *key may be the same. */
bool bs_public_key_compress(struct bs_public_key *ret_key, const struct bs_public_key *key);

/* Child `number` (below 2^31) of a key whose chain code is 32 zero bytes, compressed (BIP 32, public derivation).
 * *ret_exists false: there is none, as the parent is no key, or the number one of the 2^-127 without a child.  Word:
 * no_memory. */
bool bs_public_key_derive(struct bs_public_key *ret_child, bool *ret_exists, const struct bs_public_key *parent,
                          uint32_t number, struct bs_error *error);

/* base58check of version byte (main 0 P2PKH, 5 P2SH; test 111, 196) and hash160.  Decoding takes any version. */
void bs_address_encode(char text[BS_ADDRESS_TEXT], unsigned char version, const unsigned char hash[BS_HASH160_SIZE]);
bool bs_address_decode(unsigned char *ret_version, unsigned char hash[BS_HASH160_SIZE], const char *text);
unsigned char bs_address_version(enum bs_network network); /* of P2PKH */
void bs_key_address(char text[BS_ADDRESS_TEXT], const struct bs_key *key, enum bs_network network);

/* ECDSA over a 32-byte digest, RFC 6979, low S, in DER (Bitcoin transactions).  72 bytes are enough.  Here and below:
 * false only when there is no memory. */
bool bs_sign_der(unsigned char signature[72], size_t *ret_length, const struct bs_key *key,
                 const unsigned char digest[32]);
/* False when it does not parse, is high S, or does not verify. */
bool bs_verify_der(const struct bs_public_key *key, const unsigned char digest[32], const void *signature,
                   size_t length);

/* The 65 bytes (header, r, s) of design section 3; low S; header = 27 + recid + 4 if the public key is compressed. */
bool bs_sign_recoverable(unsigned char signature[65], const struct bs_key *key, const unsigned char digest[32]);

/* What is wrong with a 65-byte signature, told apart because each has its own code word.  Malformed: the header is not
 * 27..34, or r or s is zero or not below the curve's order. */
enum bs_signature_fault { BS_SIGNATURE_GOOD, BS_SIGNATURE_MALFORMED, BS_SIGNATURE_HIGH_S, BS_SIGNATURE_FORGED };
/* The header is not looked at further.  allow_high_s: 2015 records only. */
enum bs_signature_fault bs_verify_recoverable(const struct bs_public_key *key, const unsigned char digest[32],
                                              const unsigned char signature[65], bool allow_high_s);
/* The same when only the hash160 of the key (compressed or not) is known: all four ids are tried, that of the header
 * first.  On success *ret_key is the key, in the form that matched. */
enum bs_signature_fault bs_recover(struct bs_public_key *ret_key, const unsigned char owner[BS_HASH160_SIZE],
                                   const unsigned char digest[32], const unsigned char signature[65],
                                   bool allow_high_s);

/* `length` bytes from the system's random source. */
bool bs_random(void *bytes, size_t length, struct bs_error *error);
/* Overwrites, in a way that the compiler keeps. */
void bs_wipe(void *bytes, size_t length);

#endif

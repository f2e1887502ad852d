/* SPDX-License-Identifier: MIT */
/*
 * The names of IPFS: content identifiers (CIDs) and IPNS names, as texts.  Only what the driver uses: SHA-256 for content,
 * Ed25519 keys and SHA-256 of keys for names.  Any number of threads may call these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_IPFS_CID_H
#define BS_PLUGINS_IPFS_CID_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

#define BS_CID_LENGTH 59 /* of the CID of a block: "b" and 36 bytes in base32 */

struct bs_cid {
  char text[BS_CID_LENGTH + 1];
};

/* The CID of the block whose SHA-256 is the key: CIDv1, raw, base32.  False: the key has not 64 lower-case digits. */
bool bs_cid_of_key(struct bs_cid *ret_cid, const char *key);

/* Is it such a CID, in the one way to write it? */
bool bs_cid_is_block(const char *text);

/* Do two texts name the same content?  Takes what nodes write: CIDv1 in base32 or base58, CIDv0; SHA-256 only. */
bool bs_cid_same(const char *one, const char *other);

#define BS_IPNS_LENGTH 62 /* the longest name: "k" and 40 bytes in base36, the first of which is 1 */

struct bs_ipns {
  char name[BS_IPNS_LENGTH + 1]; /* "k..." as it stands in URLs: CIDv1, libp2p-key, base36 */
  char peer[BS_IPNS_LENGTH + 1]; /* the same for programs that know only the older form, "12D3KooW..." or "Qm..." */
};

/* Takes a name of `length` bytes, in base36 and in the one way to write it; the second function, the older form too. */
bool bs_ipns_take(struct bs_ipns *ret_ipns, const char *text, size_t length);
bool bs_ipns_take_any(struct bs_ipns *ret_ipns, const char *text);

#pragma GCC visibility pop
#endif

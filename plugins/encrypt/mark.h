/* SPDX-License-Identifier: MIT */
/*
 * The filter above one store, and that store's mark: an object without data, under a name that is the same everywhere, encrypted
 * with the key that the store is written with.  Without it a wrong key would not be seen: with it all names are others, and a
 * store that holds none of them looks empty.
 */
#ifndef BS_PLUGINS_ENCRYPT_MARK_H
#define BS_PLUGINS_ENCRYPT_MARK_H

#include <stdatomic.h>

#include "plugins/encrypt/open.h"

enum bs_crypt_mark {
  BS_CRYPT_MARK_UNSEEN,
  BS_CRYPT_MARK_OURS,    /* with one of our keys */
  BS_CRYPT_MARK_CURRENT, /* with the one that writes */
};

struct bs_crypt {
  const struct blockstore_next *next;
  struct bs_crypt_keys keys;
  const char *key_file;            /* option `key_file` */
  bool has_mark;                   /* option `mark` */
  _Atomic enum bs_crypt_mark mark; /* what was seen of it; it is looked for until then */
};

/* Says what is the matter with an object, and fails.  open: its fault is not BS_CRYPT_SOUND. */
enum blockstore_status bs_crypt_fail(const struct bs_crypt *crypt, struct blockstore_call *call,
                                     const struct bs_crypt_open *open);

/* Encrypts the data and hands it to the store below, under the name in the header. */
typedef enum blockstore_status bs_crypt_put(const struct bs_crypt *crypt, struct blockstore_call *call,
                                            const struct blockstore_source *sealed, const char *name, uint64_t version);
enum blockstore_status bs_crypt_store(const struct bs_crypt *crypt, struct blockstore_call *call, enum bs_crypt_kind kind,
                                      const unsigned char name[BS_CRYPT_NAME_SIZE], uint64_t version,
                                      const struct blockstore_source *plain, bs_crypt_put *put);

/*
 * Whether the store is written with one of our keys.  OK: it is; NOT_FOUND: nobody has written to it with a mark.  FAILED, with a
 * sentence: it is written with others; whatever else the store below says.
 */
enum blockstore_status bs_crypt_mark_look(struct bs_crypt *crypt, struct blockstore_call *call);
/* Before a write: the same, and the mark is then there, with the key that writes. */
enum blockstore_status bs_crypt_mark_set(struct bs_crypt *crypt, struct blockstore_call *call);

#endif

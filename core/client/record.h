/* SPDX-License-Identifier: MIT */
/* What a get found, as the caller sees it. */
#ifndef BS_CLIENT_RECORD_H
#define BS_CLIENT_RECORD_H

#include "core/client/session.h"
#include "core/record/mutable.h"

struct blockstore_record {
  char name[BS_NAME_MAX + 1];
  uint64_t size;
  char *store;        /* NULL: not known (while a candidate is checked) */
  char proven[BS_PROVEN_TEXT];
  char *told_by;      /* the name server whose word alone the name record is; NULL: see struct bs_name_record */
  char key[65];       /* immutable data; "": mutable */
  /* Mutable data */
  char *id; /* NULL: immutable */
  uint64_t ver;
  uint64_t expires;
  char z[2 * BS_SHA256_SIZE + 1];
  char sig[BS_SIG_TEXT];
  char signer[BS_ADDRESS_TEXT];
  bool is_first;
  char *route;       /* JSON */
  char *conflicts;   /* a JSON array */
  char *explanation; /* the same */
  char *document;    /* made when it is first asked for */
};

/* Zeroed, with the name. */
bool bs_record_new(struct blockstore_record **ret_record, const char *name, struct bs_error *error);
/* How far the name record can be relied on. */
bool bs_record_rely(struct blockstore_record *record, const struct bs_name_record *name_record, struct bs_error *error);
/* Copies what is known of a version; the id too. */
bool bs_record_describe(struct blockstore_record *record, const char *id, const struct bs_verified *verified, const char *sig,
                        enum bs_network network, struct bs_error *error);

#endif

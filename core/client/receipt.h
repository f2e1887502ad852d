/* SPDX-License-Identifier: MIT */
/* What a put or a delete did, as the caller sees it. */
#ifndef BS_CLIENT_RECEIPT_H
#define BS_CLIENT_RECEIPT_H

#include "core/client/publish.h"

/* What is told of the datum; all of it is the caller's. */
struct bs_receipt_of {
  const char *key;            /* immutable data; NULL: mutable */
  const char *id;             /* mutable data */
  uint64_t ver;               /* written; 0: none was */
  const unsigned char *z;     /* of that version */
  uint64_t superseded_by;     /* a higher version that was there afterwards; 0: none */
  const struct bs_places *places; /* whose own ones are missing from the route is told; NULL: nobody's */
};

/* Takes the report's outcomes.  ret_receipt NULL: nobody wants it. */
bool bs_receipt_make(struct bs_work *work, struct blockstore_receipt **ret_receipt, const struct bs_publication *publication,
                     const struct bs_receipt_of *of);

#endif

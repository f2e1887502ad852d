/* SPDX-License-Identifier: MIT */
/* Another process, with an instance of the store of its own, that looks at an object when it is asked to. */
#ifndef BS_DRIVER_TEST_WITNESS_H
#define BS_DRIVER_TEST_WITNESS_H

#include "tools/driver-test/object.h"

#define SEEN_OBJECT 1u /* its bytes */
#define SEEN_OTHER 2u  /* those of the other datum */
#define SEEN_NOTHING 4u /* NOT_FOUND */
#define SEEN_PART 8u   /* other bytes */
#define SEEN_FAILURE 16u /* any other answer but TRANSIENT and CANCELLED, which who waits for a put may get */

/* What one get showed, or several. */
struct sight {
  unsigned seen;   /* of these bits */
  unsigned looks;  /* gets */
  size_t size;     /* of the part */
  char answer[512]; /* the failure, or the last answer that was neither OK nor NOT_FOUND; "" none */
};

struct witness {
  struct trial *trial;
  pid_t process;
  int socket;
};
/* While no store is open here; object and other (may be NULL) stay as they are until witness_end. */
void witness_begin(struct witness *ret_witness, struct trial *trial, struct object *object, const struct datum *other);
void witness_end(struct witness *witness);
struct sight witness_look(struct witness *witness);
/* Looks again and again in between; at least once. */
void witness_watch(struct witness *witness);
struct sight witness_report(struct witness *witness);

/* What this store shows of it. */
struct sight look_at(struct store *store, struct object *object, const struct datum *other);

#endif

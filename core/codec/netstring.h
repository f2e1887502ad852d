/* SPDX-License-Identifier: MIT */
/*
 * Netstrings, the frames of the name server's RPC: the number of bytes in decimal, ':', the bytes, ','.  Canonical only: no
 * sign, no space, no leading zero.  The RPC of name servers will call it; so far only tests and fuzzers do.
 */
#ifndef BS_CODEC_NETSTRING_H
#define BS_CODEC_NETSTRING_H

#include "core/base/buffer.h"

enum bs_netstring_state {
  BS_NETSTRING_PARTIAL,   /* so far it is the beginning of one */
  BS_NETSTRING_WHOLE,     /* bytes may follow it */
  BS_NETSTRING_MALFORMED, /* whatever follows */
  BS_NETSTRING_TOO_LARGE  /* more than the limit was announced, as far as the number is there */
};

struct bs_netstring {
  const unsigned char *payload; /* within the bytes that were decoded */
  size_t length;                /* of the payload */
  size_t total;                 /* of the frame: what comes next begins there */
};

/*
 * Looks at the `length` bytes that have arrived so far.  ret_frame: written only when it is whole; the payload may have up to
 * `limit` bytes.  Costs no more for a long frame than for a short one, so it may be asked anew whenever bytes arrive.
 */
enum bs_netstring_state bs_netstring_decode(struct bs_netstring *ret_frame, const void *bytes, size_t length, size_t limit);

/* Appends the frame. */
void bs_netstring_encode(struct bs_buffer *ret_frame, const void *payload, size_t length);

#endif

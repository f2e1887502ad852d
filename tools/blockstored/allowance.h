/* SPDX-License-Identifier: MIT */
/* How many requests each address may make: so many a second, and as many at once.  Any thread. */
#ifndef BLOCKSTORED_ALLOWANCE_H
#define BLOCKSTORED_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct bsd_allowance;

/* rate: a second; 0: no limit.  NULL: no memory. */
struct bsd_allowance *bsd_allowance_new(uint64_t rate);
void bsd_allowance_free(struct bsd_allowance *allowance); /* NULL is allowed */
/* Whose allowance it is: an address of IPv4, the first 64 bits of IPv6; 0: somebody without a limit (a unix socket). */
uint64_t bsd_allowance_key(const struct sockaddr *address);
/* Is it this machine itself, by a unix socket or a loopback address? */
bool bsd_allowance_is_local(const struct sockaddr *address);
/* Takes a request off; true: it may be answered now.  Else *ret_wait_ms says when to ask again. */
bool bsd_allowance_take(struct bsd_allowance *allowance, uint32_t *ret_wait_ms, uint64_t key, uint64_t now_ms);
/* Takes further ones off that came with it, which may leave a debt. */
void bsd_allowance_charge(struct bsd_allowance *allowance, uint64_t key, uint64_t requests);

#endif

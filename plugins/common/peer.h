/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Which addresses of the Internet are public: not this machine, not its neighbours, and nothing special (the registries
 * of RFC 6890).  Of IPv6 those in 2000::/3 can be; one that stands for an address of IPv4 (mapped, NAT64, 6to4, ISATAP)
 * is as public as that one.
 *
 * A part to copy into a driver: peer.h and peer.c, C99, which need POSIX only.  Any number of threads may call
 * these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_PEER_H
#define BS_PLUGINS_PEER_H

#include <stdbool.h>

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* Of another family than IPv4 and IPv6 none is public. */
bool bs_peer_is_public(const struct sockaddr *address);

/* By what a URL has for a host: false for a literal address that is not public and for this machine's own names
 * ("localhost", what ends in ".localhost").  Any other name is public until it is resolved. */
bool bs_peer_host_is_public(const char *host);

/* By the same, is it this machine, whoever is asked for it?  Its own names, and the addresses that lead to it: 127.0.0.0/8, ::1,
 * 0.0.0.0 and ::, however they are written. */
bool bs_peer_host_is_loopback(const char *host);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

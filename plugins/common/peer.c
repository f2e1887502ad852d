/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct range {
  uint8_t bytes[16];
  unsigned bits;
};

static const struct range special4[] = {{{0}, 8},           {{10}, 8},
                                        {{100, 64}, 10},    {{127}, 8},
                                        {{169, 254}, 16},   {{172, 16}, 12},
                                        {{192, 0, 0}, 24},  {{192, 0, 2}, 24},
                                        {{192, 88, 99}, 24}, {{192, 168}, 16},
                                        {{198, 18}, 15},    {{198, 51, 100}, 24},
                                        {{203, 0, 113}, 24}, {{224}, 4},
                                        {{240}, 4}};

/* What is given out for use as an ordinary address of IPv6, and what is special within it. */
static const struct range global6 = {{0x20}, 3};
static const struct range special6[] = {{{0x20, 0x01}, 23},             /* protocols: Teredo, benchmarks, ORCHID */
                                        {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documents */
                                        {{0x3f, 0xff}, 20}};            /* documents, too */

/* Addresses that hold one of IPv4; the first two kinds are nothing else. */
static const struct range mapped6 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, nat64 = {{0, 0x64, 0xff, 0x9b}, 96},
                          from4 = {{0x20, 0x02}, 16}; /* 6to4 */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_in(const uint8_t *bytes, const struct range *range) {
  unsigned whole = range->bits / 8, rest = range->bits % 8;

  return memcmp(bytes, range->bytes, whole) == 0 && (rest == 0 || (bytes[whole] ^ range->bytes[whole]) >> (8 - rest) == 0);
}

static bool is_public4(const uint8_t *bytes) {
  for (size_t i = 0; i < COUNT(special4); i++)
    if (is_in(bytes, &special4[i])) return false;
  return true;
}

/* ISATAP: an interface that is named after its address of IPv4. */
static bool is_isatap(const uint8_t *bytes) {
  return (bytes[8] & ~0x02) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
}

static bool is_public6(const uint8_t *bytes) {
  if (is_in(bytes, &mapped6) || is_in(bytes, &nat64)) return is_public4(bytes + 12);
  if (!is_in(bytes, &global6)) return false;
  for (size_t i = 0; i < COUNT(special6); i++)
    if (is_in(bytes, &special6[i])) return false;
  if (is_in(bytes, &from4) && !is_public4(bytes + 2)) return false;
  return !is_isatap(bytes) || is_public4(bytes + 12);
}

bool bs_peer_is_public(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in in;

    memcpy(&in, address, sizeof in);
    return is_public4((const uint8_t *)&in.sin_addr);
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 in6;

    memcpy(&in6, address, sizeof in6);
    return is_public6(in6.sin6_addr.s6_addr);
  }
  return false;
}

/* What a URL has for a host. */
enum kind { NOTHING, ADDRESS4, ADDRESS6, OWN_NAME, NAME };

/* The old spellings of inet_aton ("127.1", "0x7f000001") are addresses, too: resolvers take them. */
static enum kind read_host(uint8_t *bytes, const char *host) {
  char bare[256];
  size_t length = strlen(host);
  struct in_addr in;

  if (length > 0 && host[0] == '[') host++, length = strcspn(host, "]%");
  if (length > 0 && host[length - 1] == '.') length--; /* the root's dot */
  if (length == 0 || length >= sizeof bare) return NOTHING;
  snprintf(bare, sizeof bare, "%.*s", (int)length, host);
  bare[strcspn(bare, "%")] = '\0'; /* the zone of an IPv6 address */
  if (inet_aton(bare, &in) != 0) {
    memcpy(bytes, &in, sizeof in);
    return ADDRESS4;
  }
  if (inet_pton(AF_INET6, bare, bytes) == 1) return ADDRESS6;
  if (strcasecmp(bare, "localhost") == 0) return OWN_NAME;
  return length >= 10 && strcasecmp(bare + length - 10, ".localhost") == 0 ? OWN_NAME : NAME;
}

bool bs_peer_host_is_public(const char *host) {
  uint8_t bytes[16];
  enum kind kind = read_host(bytes, host);

  return kind == NAME || (kind == ADDRESS4 && is_public4(bytes)) || (kind == ADDRESS6 && is_public6(bytes));
}

static bool is_loopback4(const uint8_t *bytes) {
  static const struct range loopback = {{127}, 8}, any = {{0}, 32};

  return is_in(bytes, &loopback) || is_in(bytes, &any);
}

static bool is_loopback6(const uint8_t *bytes) {
  static const struct range loopback = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128}, any = {{0}, 128};

  return is_in(bytes, &loopback) || is_in(bytes, &any) || (is_in(bytes, &mapped6) && is_loopback4(bytes + 12));
}

/* A name with the root's dot is asked of a name server, even this machine's own. */
bool bs_peer_host_is_loopback(const char *host) {
  uint8_t bytes[16];
  enum kind kind = read_host(bytes, host);
  size_t length = strlen(host);

  if (length > 0 && host[length - 1] == '.') return false;
  return kind == OWN_NAME || (kind == ADDRESS4 && is_loopback4(bytes)) || (kind == ADDRESS6 && is_loopback6(bytes));
}

/* SPDX-License-Identifier: MIT */
/* Where a name server is: HOST, HOST:PORT, an address of IPv6 in brackets with or without :PORT, or unix:/PATH. */
#ifndef BS_NAMES_SERVER_ADDRESS_H
#define BS_NAMES_SERVER_ADDRESS_H

#include <stdint.h>

#include "core/base/error.h"

#define BS_SERVER_HOST_MAX 253
#define BS_SERVER_PATH_MAX 107 /* what fits into a struct sockaddr_un */

/* By value. */
struct bs_server_address {
  char text[BS_SERVER_HOST_MAX + 10]; /* for messages: HOST:PORT, [ADDRESS]:PORT, unix:/PATH */
  char host[BS_SERVER_HOST_MAX + 1];  /* "": a unix socket */
  uint16_t port;
  char path[BS_SERVER_PATH_MAX + 1];
};

/* port: where the text names none.  Word: config (a sentence that quotes the text). */
bool bs_server_address_parse(struct bs_server_address *ret_address, const char *text, uint16_t port, struct bs_error *error);

#endif

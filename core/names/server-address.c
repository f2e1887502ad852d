/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/server-address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX "unix:"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

static bool refuse(const char *text, struct bs_error *error) {
  return bs_fail(error, BS_WORD_config,
                 "\"%.80s%s\" is not where a name server can be: HOST, HOST:PORT, [IPV6]:PORT or unix:/PATH was expected.", text,
                 strlen(text) > 80 ? "..." : "");
}

/* All of it, 1 to 65535, without a sign or a leading zero. */
static bool read_port(uint16_t *ret_port, const char *text) {
  size_t length = strlen(text);
  long port;

  if (length == 0 || length > 5 || strspn(text, "0123456789") != length || text[0] == '0') return false;
  port = strtol(text, NULL, 10);
  if (port > UINT16_MAX) return false;
  *ret_port = (uint16_t)port;
  return true;
}

static bool read_path(struct bs_server_address *address, const char *path) {
  if (path[0] != '/' || strlen(path) > BS_SERVER_PATH_MAX) return false;
  snprintf(address->path, sizeof address->path, "%s", path);
  snprintf(address->text, sizeof address->text, UNIX "%s", address->path);
  return true;
}

/* Perhaps with a zone: fe80::1%eth0. */
static bool is_ipv6(const char *host) {
  unsigned char bytes[16];
  char address[INET6_ADDRSTRLEN];
  size_t length = strcspn(host, "%");

  if (length >= sizeof address || (host[length] == '%' && host[length + 1] == '\0')) return false;
  memcpy(address, host, length);
  address[length] = '\0';
  return inet_pton(AF_INET6, address, bytes) == 1;
}

static bool read_host(struct bs_server_address *address, const char *text) {
  bool bracketed = text[0] == '[';
  const char *host = text + bracketed;
  const char *end = host + strspn(host, bracketed ? NAME_CHARACTERS ":%" : NAME_CHARACTERS);
  size_t length = (size_t)(end - host);

  if (length == 0 || length > BS_SERVER_HOST_MAX || host[0] == '-') return false;
  if (bracketed && *end++ != ']') return false;
  if (*end != '\0' && (*end != ':' || !read_port(&address->port, end + 1))) return false;
  memcpy(address->host, host, length);
  if (bracketed && !is_ipv6(address->host)) return false;
  snprintf(address->text, sizeof address->text, bracketed ? "[%s]:%u" : "%s:%u", address->host, (unsigned)address->port);
  return true;
}

bool bs_server_address_parse(struct bs_server_address *ret_address, const char *text, uint16_t port, struct bs_error *error) {
  struct bs_server_address address = {.port = port};
  bool is_unix = strncmp(text, UNIX, strlen(UNIX)) == 0;

  if (!(is_unix ? read_path(&address, text + strlen(UNIX)) : read_host(&address, text))) return refuse(text, error);
  *ret_address = address;
  return true;
}

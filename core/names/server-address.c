/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/server-address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX "unix:"

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

static bool read_host(struct bs_server_address *address, const char *text) {
  const char *known = text[0] == '[' ? "0123456789abcdefABCDEF:.%"
                                     : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  bool bracketed = text[0] == '[';
  const char *host = text + bracketed, *end = host + strspn(host, known);
  size_t length = (size_t)(end - host);

  if (length == 0 || length > BS_SERVER_HOST_MAX || host[0] == '-') return false;
  if (bracketed && *end++ != ']') return false;
  if (*end != '\0' && (*end != ':' || !read_port(&address->port, end + 1))) return false;
  memcpy(address->host, host, length);
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

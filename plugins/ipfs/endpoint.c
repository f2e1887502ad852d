/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ipfs/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/common/url.h"

#define LONGEST ((size_t)1024)

static bool is_this_computer(const char *host, size_t length) {
  static const char local[] = "localhost", six[] = "[::1]", four[] = "127.";

  if (length == strlen(local) && strncasecmp(host, local, length) == 0) return true;
  if (length == strlen(six) && memcmp(host, six, length) == 0) return true;
  return length > strlen(four) && memcmp(host, four, strlen(four)) == 0 && strspn(host, "0123456789.") >= length;
}

static size_t host_length(const char *host) {
  return host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/");
}

enum blockstore_status bs_endpoint_take(char **ret_url, struct blockstore_call *call, const char *option, const char *text,
                                        bool allow_http) {
  bool plain = strncasecmp(text, "http://", strlen("http://")) == 0;
  const char *host = text + (plain ? strlen("http://") : strlen("https://"));
  size_t length = strlen(text);

  if ((!plain && strncasecmp(text, "https://", strlen("https://")) != 0) || length > LONGEST ||
      strspn(text, BS_URL_PATH ":[]%!$&'()*+,;=") != length || host_length(host) == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: A URL such as https://HOST:PORT was expected, without user, query and fragment.", option);
  if (plain && !allow_http && !is_this_computer(host, host_length(host)))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: %s is not encrypted, and not on this computer: use https, or set allow_http.", option, text);
  while (length > 0 && text[length - 1] == '/') length--;
  *ret_url = strndup(text, length);
  if (*ret_url != NULL) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the ipfs driver.");
}

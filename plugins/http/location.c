/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/location.h"

#include <string.h>
#include <strings.h>

#include "plugins/common/url.h"

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"
#define REST BS_URL_PATH "!$&'()*+,;=:@?" /* RFC 3986: path and query, less the escapes */

static const char *take_scheme(struct http_location *location, const char *url) {
  static const char plain[] = "http://", secure[] = "https://";

  location->is_secure = strncasecmp(url, secure, strlen(secure)) == 0;
  if (location->is_secure) return url + strlen(secure);
  return strncasecmp(url, plain, strlen(plain)) == 0 ? url + strlen(plain) : NULL;
}

/* A name, an IPv4 address however it is spelt, or an IPv6 address in brackets. */
static const char *take_host(struct http_location *location, const char *text) {
  size_t length;

  if (text[0] == '[') {
    length = 1 + strspn(text + 1, HEX ":.");
    if (length < 3 || text[length++] != ']') return NULL;
  } else {
    length = strcspn(text, ":/");
    if (length == 0 || strspn(text, BS_URL_UNRESERVED) < length || memchr(text, '~', length) != NULL) return NULL;
  }
  if (length > HTTP_LOCATION_HOST_LONGEST) return NULL;
  for (size_t i = 0; i < length; i++)
    location->host[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
  location->host[length] = '\0';
  return text + length;
}

static const char *take_port(struct http_location *location, const char *text) {
  size_t length;

  location->port = location->is_secure ? 443 : 80;
  if (text[0] != ':') return text;
  length = strspn(++text, DIGITS);
  if (length == 0 || length > 5) return NULL;
  location->port = 0;
  for (size_t i = 0; i < length; i++) location->port = location->port * 10 + (unsigned)(text[i] - '0');
  return location->port == 0 || location->port > 65535 ? NULL : text + length;
}

static bool is_rest(const char *text) {
  if (text[0] != '\0' && text[0] != '/') return false;
  for (;;) {
    text += strspn(text, REST);
    if (text[0] != '%') return text[0] == '\0';
    if (strspn(text + 1, HEX) < 2) return false;
    text += 3;
  }
}

bool http_location_parse(struct http_location *ret_location, const char *url) {
  struct http_location location = {.is_secure = false};
  const char *at = take_scheme(&location, url);

  if (at != NULL) at = take_host(&location, at);
  if (at != NULL) at = take_port(&location, at);
  if (at == NULL || !is_rest(at)) return false;
  location.rest = at;
  *ret_location = location;
  return true;
}

bool http_location_same_origin(const struct http_location *one, const struct http_location *other) {
  return one->is_secure == other->is_secure && one->port == other->port && strcmp(one->host, other->host) == 0;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/site.h"

#include <stdio.h>
#include <string.h>

#include "plugins/common/peer.h"
#include "plugins/common/url.h"

_Static_assert(HTTP_SITE_ROOT_LONGEST + 1 + BS_LAYOUT_ESCAPED_MAX <= HTTP_SITE_URL_LONGEST + 1, "a URL has room for any path");

/* No component is empty, "." or "..": servers and proxies do not agree on what these are. */
static bool is_plain_path(const char *path) {
  while (path[0] == '/') {
    size_t length = strcspn(++path, "/");

    if (length == 0 || (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.')) return false;
    path += length;
  }
  return true;
}

/* The URL may hold a password, though it should not: it is not repeated. */
static enum blockstore_status take_root(struct http_site *site, struct blockstore_call *call, const char *url) {
  struct http_location location;
  char port[8] = "";
  size_t length = strlen(url);
  int written;

  if (!http_location_parse(&location, url) || strchr(url, '?') != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "root must be a URL like https://dav.example/blockstore, with no user, query or fragment in it; "
                           "all but letters, digits and -._~ is escaped.");
  if (location.port != (location.is_secure ? 443 : 80)) snprintf(port, sizeof port, ":%u", location.port);
  while (length > 0 && url[length - 1] == '/' && url + length > location.rest) length--;
  written = snprintf(site->root, sizeof site->root, "%s://%s%s%.*s", location.is_secure ? "https" : "http", location.host, port,
                     (int)(url + length - location.rest), location.rest);
  if (written < 0 || (size_t)written >= sizeof site->root)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "root is too long: at most %d bytes are allowed.",
                           HTTP_SITE_ROOT_LONGEST);
  http_location_parse(&site->location, site->root);
  if (bs_url_decode_path(site->path, sizeof site->path, site->location.rest) && is_plain_path(site->path))
    return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "root must have no empty component, no \".\" and no \"..\": %s",
                         site->root);
}

static enum blockstore_status take_login(struct http_site *site, struct blockstore_call *call,
                                         const struct blockstore_settings *settings) {
  const struct blockstore_host *host = call->host;
  struct bs_http_credentials *login = &site->login;

  login->user = host->setting(settings, "user", 0);
  login->password = host->setting(settings, "password", 0);
  login->bearer = host->setting(settings, "token", 0);
  if ((login->user == NULL) != (login->password == NULL))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "user and password go together, and %s is not set.",
                           login->user == NULL ? "user" : "password");
  if (login->user != NULL && login->bearer != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "Either user and password or token can be set, not both.");
  site->has_login = login->user != NULL || login->bearer != NULL;
  if (site->root[0] == '\0' && (site->has_login || host->setting(settings, "client_certificate", 0) != NULL))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "To log in, root must be set: no other server is told who you are.");
  if (!site->has_login || site->location.is_secure || bs_peer_host_is_loopback(site->location.host) ||
      host->setting_number(settings, "allow_plain_login") != 0)
    return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "%.300s: Without TLS everybody on the way would read how you log in: use https, or set "
                         "allow_plain_login.",
                         site->root);
}

static enum blockstore_status take_settings(struct http_site *site, struct blockstore_call *call,
                                            const struct blockstore_settings *settings) {
  const struct blockstore_host *host = call->host;
  const char *root = host->setting(settings, "root", 0), *replace = host->setting(settings, "replace", 0);
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  site->read_only = host->setting_number(settings, "read_only") != 0;
  site->puts_directly = replace != NULL && strcmp(replace, "put") == 0;
  site->allow_private = host->setting_number(settings, "allow_private") != 0;
  if (root != NULL) status = take_root(site, call, root);
  return status == BLOCKSTORE_STATUS_OK ? take_login(site, call, settings) : status;
}

enum blockstore_status http_site_open(struct http_site *ret_site, struct blockstore_call *call,
                                      const struct blockstore_settings *settings) {
  enum blockstore_status status = take_settings(ret_site, call, settings);

  return status == BLOCKSTORE_STATUS_OK ? bs_http_open(&ret_site->http, call, settings) : status;
}

void http_site_close(struct http_site *site) {
  bs_http_close(site->http);
}

void http_site_locate(const struct http_site *site, char ret_url[HTTP_SITE_URL_LONGEST + 1], const char *path) {
  size_t length = strlen(site->root);

  memcpy(ret_url, site->root, length);
  ret_url[length++] = '/';
  bs_url_escape(ret_url + length, HTTP_SITE_URL_LONGEST + 1 - length, path, strlen(path), BS_URL_PATH);
}

bool http_site_owns(const struct http_site *site, struct bs_layout *ret_object, const char *url) {
  char path[sizeof site->path + sizeof ret_object->path];
  size_t length = strlen(site->path);
  struct http_location location;

  return site->root[0] != '\0' && http_location_parse(&location, url) && http_location_same_origin(&location, &site->location) &&
         bs_url_decode_path(path, sizeof path, location.rest) && strncmp(path, site->path, length) == 0 &&
         path[length] == '/' && bs_layout_take(ret_object, path + length + 1);
}

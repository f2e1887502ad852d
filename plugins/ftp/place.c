/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ftp/place.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/common/url.h"

#define HOST_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define ADDRESS_LETTERS "0123456789abcdefABCDEF:."
#define ABSOLUTE "%2F" /* in front of a URL's path: it begins at the server's top (RFC 1738, section 3.2.2) */

_Static_assert(sizeof((struct bs_ftp_place *)0)->server + 3 * (size_t)BS_FTP_ROOT_LONGEST + BS_LAYOUT_ESCAPED_MAX <=
                   BS_FTP_URL_LONGEST, "a URL has room for any path");

/* ---- options ---- */

static enum bs_ftp_tls read_tls(const char *text, enum bs_ftp_tls initial) {
  if (text == NULL) return initial;
  if (strcmp(text, "none") == 0) return BS_FTP_TLS_NONE;
  return strcmp(text, "implicit") == 0 ? BS_FTP_TLS_IMPLICIT : BS_FTP_TLS_EXPLICIT;
}

static enum blockstore_status read_server(struct bs_ftp_place *place, struct blockstore_call *call, const char *host,
                                          int64_t port) {
  bool is_implicit = place->tls == BS_FTP_TLS_IMPLICIT, is_address;
  int64_t usual = is_implicit ? 990 : 21;
  size_t length = strlen(host);
  char number[sizeof ":65535"] = "";

  if (length >= 2 && host[0] == '[' && host[length - 1] == ']') host++, length -= 2;
  is_address = strchr(host, ':') != NULL;
  if (length == 0 || length > BS_FTP_HOST_LONGEST || strspn(host, is_address ? ADDRESS_LETTERS : HOST_LETTERS) < length)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "host: \"%.200s\" is no host: a name such as ftp.example.org, or an address, was expected.", host);
  if (port < 0 || port > 65535)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "port: A number from 1 to 65535 was expected.");
  if (port != 0 && port != usual) snprintf(number, sizeof number, ":%u", (unsigned)port);
  snprintf(place->server, sizeof place->server, "%s://%s%.*s%s%s/", is_implicit ? "ftps" : "ftp", is_address ? "[" : "",
           (int)length, host, is_address ? "]" : "", number);
  return BLOCKSTORE_STATUS_OK;
}

/* Are the names between the slashes what a server takes literally? */
static bool names_are_plain(const char *path) {
  while (*path != '\0') {
    size_t length = strcspn(path, "/");

    if (length == 0 || strncmp(path, "..", length) == 0) return false; /* "" and "." too */
    for (size_t i = 0; i < length; i++)
      if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f) return false;
    path += length + (path[length] == '/');
  }
  return true;
}

static enum blockstore_status read_root(struct bs_ftp_place *place, struct blockstore_call *call, const char *root) {
  size_t length = strlen(root);

  if (length > 1 && root[length - 1] == '/') length--;
  if (length > BS_FTP_ROOT_LONGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "root: A path of at most %d bytes was expected.", BS_FTP_ROOT_LONGEST);
  if (!names_are_plain(root + (root[0] == '/')))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "root: \"%.200s\" is no path: names with single slashes between them were expected, without . and ..",
                           root);
  snprintf(place->root, sizeof place->root, "%.*s%s", (int)length, root, length > 0 && root[length - 1] != '/' ? "/" : "");
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_ftp_place_read(struct bs_ftp_place *ret_place, struct blockstore_call *call,
                                         const struct blockstore_settings *settings, enum bs_ftp_tls initial) {
  const struct blockstore_host *core = call->host;
  const char *root = core->setting(settings, "root", 0);
  enum blockstore_status status;

  ret_place->tls = read_tls(core->setting(settings, "tls", 0), initial);
  status = read_server(ret_place, call, core->setting(settings, "host", 0), core->setting_number(settings, "port"));
  return status == BLOCKSTORE_STATUS_OK ? read_root(ret_place, call, root == NULL ? "" : root) : status;
}

/* ---- paths ---- */

void bs_ftp_place_path(struct bs_ftp_path *ret_path, const struct bs_ftp_place *place, const char *below) {
  snprintf(ret_path->text, sizeof ret_path->text, "%s%s", place->root, below);
}

void bs_ftp_path_set(struct bs_ftp_path *ret_path, const char *path) {
  snprintf(ret_path->text, sizeof ret_path->text, "%s", path);
}

bool bs_ftp_path_climb(struct bs_ftp_path *path, const char **ret_name) {
  size_t length = strlen(path->text), end;

  if (length > 0 && path->text[length - 1] == '/') length--;
  if (length == 0) return false;
  for (end = length; end > 0 && path->text[end - 1] != '/'; end--) continue;
  memmove(path->text + end + 1, path->text + end, length - end);
  path->text[end] = path->text[length + 1] = '\0';
  *ret_name = path->text + end + 1;
  return true;
}

/* ---- URLs ---- */

void bs_ftp_place_url(char ret_url[BS_FTP_URL_LONGEST + 1], const struct bs_ftp_place *place, const char *path) {
  bool is_absolute = path[0] == '/';
  int length = snprintf(ret_url, BS_FTP_URL_LONGEST + 1, "%s%s", place->server, is_absolute ? ABSOLUTE : "");

  path += is_absolute;
  bs_url_escape(ret_url + length, (size_t)(BS_FTP_URL_LONGEST + 1 - length), path, strlen(path), BS_URL_PATH);
}

bool bs_ftp_place_take(struct bs_layout *ret_layout, const struct bs_ftp_place *place, const char *url) {
  const char *root = place->root;
  char path[BS_FTP_URL_LONGEST + 1];

  if (strncasecmp(url, place->server, strlen(place->server)) != 0) return false;
  url += strlen(place->server);
  if (root[0] == '/') {
    if (strncasecmp(url, ABSOLUTE, strlen(ABSOLUTE)) != 0) return false;
    url += strlen(ABSOLUTE);
    root++;
  }
  return bs_url_decode_path(path, sizeof path, url) && strncmp(path, root, strlen(root)) == 0 &&
         bs_layout_take(ret_layout, path + strlen(root));
}

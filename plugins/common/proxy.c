/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "peer.h"

static enum blockstore_status no_memory(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the settings.");
}

/* ---- one proxy ---- */

static void server_free(struct bs_proxy_server *server) {
  free(server->url);
  free(server->user);
  free(server->password);
  *server = (struct bs_proxy_server){0};
}

static bool is_spoken(const char *scheme) {
  static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};

  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    if (strcasecmp(scheme, schemes[i]) == 0) return true;
  return false;
}

/* A part of the URL, by free(); NULL where it has none. */
static CURLUcode get_part(char **ret_text, CURLU *url, CURLUPart part, unsigned flags) {
  char *text = NULL;
  CURLUcode code = curl_url_get(url, part, &text, flags);

  if (code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD) return CURLUE_OK;
  if (code == CURLUE_OK && (*ret_text = strdup(text)) == NULL) code = CURLUE_OUT_OF_MEMORY;
  curl_free(text);
  return code;
}

/* Takes user and password out of the URL, and leaves scheme, host and port. */
static CURLUcode take_parts(struct bs_proxy_server *server, CURLU *url) {
  static const CURLUPart others[] = {CURLUPART_USER,  CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                     CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_PATH};
  char *scheme = NULL;
  CURLUcode code = get_part(&scheme, url, CURLUPART_SCHEME, 0);

  if (code == CURLUE_OK && (scheme == NULL || !is_spoken(scheme))) code = CURLUE_UNSUPPORTED_SCHEME;
  free(scheme);
  if (code == CURLUE_OK) code = get_part(&server->user, url, CURLUPART_USER, CURLU_URLDECODE);
  if (code == CURLUE_OK) code = get_part(&server->password, url, CURLUPART_PASSWORD, CURLU_URLDECODE);
  for (size_t i = 0; code == CURLUE_OK && i < sizeof others / sizeof others[0]; i++)
    code = curl_url_set(url, others[i], NULL, 0);
  if (code == CURLUE_OK) code = get_part(&server->url, url, CURLUPART_URL, 0);
  if (code == CURLUE_OK) server->url[strlen(server->url) - 1] = '\0'; /* the path that is left: "/" */
  return code;
}

/* What an option or a variable says: by http, unless it names another scheme.  No URL where that is none. */
static enum blockstore_status read_server(struct bs_proxy_server *server, struct blockstore_call *call, const char *source,
                                          const char *text) {
  const char *scheme = strstr(text, "://") == NULL ? "http://" : "";
  size_t size = strlen(scheme) + strlen(text) + 1;
  char *whole = malloc(size);
  CURLU *url = curl_url();
  CURLUcode code = CURLUE_OUT_OF_MEMORY;

  if (whole != NULL && url != NULL) {
    snprintf(whole, size, "%s%s", scheme, text);
    code = curl_url_set(url, CURLUPART_URL, whole, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK) code = take_parts(server, url);
  }
  curl_url_cleanup(url);
  free(whole);
  if (code != CURLUE_OK) server_free(server);
  server->source = source;
  return code == CURLUE_OUT_OF_MEMORY ? no_memory(call) : BLOCKSTORE_STATUS_OK;
}

/* ---- options and environment ---- */

/* An option's text, or NULL. */
static const char *option(struct blockstore_call *call, const struct blockstore_settings *settings, const char *key) {
  const char *value = call->host->setting(settings, key, 0);

  return value == NULL || value[0] == '\0' ? NULL : value;
}

/* The first of some variables that is set and not empty. */
static const char *variable(const char **ret_name, const char *const *names) {
  for (; *names != NULL; names++) {
    const char *value = secure_getenv(*names);

    *ret_name = *names;
    if (value != NULL && value[0] != '\0') return value;
  }
  return NULL;
}

static enum blockstore_status read_environment(struct bs_proxy *proxy, struct blockstore_call *call) {
  /* Not HTTP_PROXY: a CGI program gets that from its client's headers. */
  static const char *const http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL},
                           *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL},
                           *const ftp[] = {"ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY", NULL},
                           *const *const names[] = {http, https, ftp};
  struct bs_proxy_server *const servers[] = {&proxy->http, &proxy->https, &proxy->ftp};
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  for (size_t i = 0; i < 3 && status == BLOCKSTORE_STATUS_OK; i++) {
    const char *name, *value = variable(&name, names[i]);

    if (value != NULL) status = read_server(servers[i], call, name, value);
  }
  return status;
}

/* User and password are told apart from the URL: a URL is shown, and stands in sentences. */
static enum blockstore_status read_login(struct bs_proxy_server *asked, struct blockstore_call *call,
                                         const struct blockstore_settings *settings) {
  const char *user = option(call, settings, "proxy_user"), *password = option(call, settings, "proxy_password");

  if (user != NULL && asked->url == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "proxy_user: Its proxy was expected, too.");
  if (password != NULL && user == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "proxy_password: Its proxy_user was expected, too.");
  if (user != NULL && (asked->user = strdup(user)) == NULL) return no_memory(call);
  if (password != NULL && (asked->password = strdup(password)) == NULL) return no_memory(call);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_options(struct bs_proxy *proxy, struct blockstore_call *call,
                                           const struct blockstore_settings *settings) {
  const char *set = option(call, settings, "proxy");
  struct bs_proxy_server *asked = &proxy->asked;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (set == NULL) {
    status = read_environment(proxy, call);
  } else if (strcmp(set, "none") != 0) {
    status = read_server(asked, call, "proxy", set);
    if (status == BLOCKSTORE_STATUS_OK && asked->url == NULL)
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "proxy: A URL such as http://proxy.example:3128 (or https, socks4, socks4a, socks5, socks5h), or "
                             "none, was expected.");
    if (asked->user != NULL || asked->password != NULL)
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "proxy: A URL without user and password was expected; they are set by proxy_user and "
                             "proxy_password.");
  }
  return status == BLOCKSTORE_STATUS_OK ? read_login(asked, call, settings) : status;
}

static enum blockstore_status read_exceptions(struct bs_proxy *proxy, struct blockstore_call *call,
                                              const struct blockstore_settings *settings) {
  static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
  const char *name, *list = call->host->setting(settings, "no_proxy", 0);

  if (list == NULL) list = variable(&name, names);
  if (list == NULL) return BLOCKSTORE_STATUS_OK;
  proxy->except = strdup(list);
  return proxy->except == NULL ? no_memory(call) : BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_proxy_open(struct bs_proxy *ret_proxy, struct blockstore_call *call,
                                     const struct blockstore_settings *settings) {
  struct bs_proxy proxy = {0};
  enum blockstore_status status = read_options(&proxy, call, settings);

  if (status == BLOCKSTORE_STATUS_OK) status = read_exceptions(&proxy, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) *ret_proxy = proxy;
  else bs_proxy_close(&proxy);
  return status;
}

void bs_proxy_close(struct bs_proxy *proxy) {
  server_free(&proxy->asked);
  server_free(&proxy->http);
  server_free(&proxy->https);
  server_free(&proxy->ftp);
  free(proxy->except);
  *proxy = (struct bs_proxy){0};
}

/* ---- hosts without one ---- */

static bool is_address(const char *text) {
  unsigned char address[16];

  return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* Is the literal address within ADDRESS or ADDRESS/BITS? */
static bool covers(const char *item, const char *host) {
  unsigned char network[16], address[16];
  const char *slash = strchr(item, '/');
  char text[64] = "";
  int family = strchr(host, ':') == NULL ? AF_INET : AF_INET6;
  long bits = family == AF_INET ? 32 : 128, most = bits;
  size_t length = slash == NULL ? strlen(item) : (size_t)(slash - item);

  if (length >= sizeof text) return false;
  memcpy(text, item, length);
  if (inet_pton(family, text, network) != 1 || inet_pton(family, host, address) != 1) return false;
  if (slash != NULL) {
    size_t digits = strspn(slash + 1, "0123456789");

    if (digits == 0 || digits > 3 || slash[1 + digits] != '\0') return false;
    bits = strtol(slash + 1, NULL, 10);
  }
  if (bits > most || memcmp(network, address, (size_t)bits / 8) != 0) return false;
  return bits % 8 == 0 || (network[bits / 8] ^ address[bits / 8]) >> (8 - bits % 8) == 0;
}

/* Does an item of the list name the host: itself, a domain that it is in, or a network?  An address is in no domain. */
static bool names(const char *item, const char *host) {
  size_t host_length = strlen(host), length;

  if (strcmp(item, "*") == 0 || covers(item, host)) return true;
  if (item[0] == '.') item++;
  length = strlen(item);
  if (length > 0 && item[length - 1] == '.') length--;
  if (length == 0 || length > host_length || strncasecmp(host + host_length - length, item, length) != 0) return false;
  return length == host_length || (host[host_length - length - 1] == '.' && !is_address(host));
}

static bool is_excepted(const char *list, const char *host) {
  char bare[256], item[256];
  size_t length = strlen(host);

  if (host[0] == '[') host++, length = strcspn(host, "]%");
  if (length > 0 && host[length - 1] == '.') length--;
  if (length >= sizeof bare) return false;
  memcpy(bare, host, length);
  bare[length] = '\0';
  for (list += strspn(list, ", \t"); *list != '\0'; list += strspn(list, ", \t")) {
    length = strcspn(list, ", \t");
    if (length < sizeof item) {
      memcpy(item, list, length);
      item[length] = '\0';
      if (names(item, bare)) return true;
    }
    list += length;
  }
  return false;
}

const struct bs_proxy_server *bs_proxy_for(const struct bs_proxy *proxy, const char *scheme, const char *host) {
  const struct bs_proxy_server *server = &proxy->http;

  if (strcasecmp(scheme, "https") == 0) server = &proxy->https;
  if (strcasecmp(scheme, "ftp") == 0 || strcasecmp(scheme, "ftps") == 0) server = &proxy->ftp;
  if (proxy->asked.source != NULL) server = &proxy->asked;
  else if (bs_peer_host_is_loopback(host)) return NULL;
  if (server->source == NULL || (proxy->except != NULL && is_excepted(proxy->except, host))) return NULL;
  return server;
}

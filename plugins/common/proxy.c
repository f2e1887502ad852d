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
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The first of some variables that is set and not empty, copied. */
static char *variable(const char *const *names) {
  for (; *names != NULL; names++) {
    const char *value = secure_getenv(*names);

    if (value != NULL && value[0] != '\0') return strdup(value);
  }
  return NULL;
}

static void read_environment(struct bs_proxy *proxy) {
  /* Not HTTP_PROXY: a CGI program gets that from its client's headers. */
  static const char *const http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL},
                           *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL},
                           *const ftp[] = {"ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY", NULL};

  proxy->http = variable(http);
  proxy->https = variable(https);
  proxy->ftp = variable(ftp);
}

/* Would libcurl take it? */
static bool is_url(const char *text) {
  CURLU *url = curl_url();
  bool good = url != NULL && curl_url_set(url, CURLUPART_URL, text, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;

  curl_url_cleanup(url);
  return good;
}

enum blockstore_status bs_proxy_open(struct bs_proxy *ret_proxy, struct blockstore_call *call,
                                     const struct blockstore_settings *settings) {
  static const char *const none[] = {"no_proxy", "NO_PROXY", NULL};
  const char *set = call->host->setting(settings, "proxy", 0), *except = call->host->setting(settings, "no_proxy", 0);
  struct bs_proxy proxy = {0};

  if (set == NULL || set[0] == '\0') {
    read_environment(&proxy);
  } else if (strcmp(set, "none") != 0) {
    if (!is_url(set))
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "proxy: A URL such as http://proxy.example:3128, or none, was expected.");
    proxy.http = strdup(set);
    proxy.https = strdup(set);
    proxy.ftp = strdup(set);
    if (proxy.http == NULL || proxy.https == NULL || proxy.ftp == NULL) {
      bs_proxy_close(&proxy);
      return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the settings.");
    }
  }
  proxy.except = except == NULL ? variable(none) : strdup(except);
  *ret_proxy = proxy;
  return BLOCKSTORE_STATUS_OK;
}

void bs_proxy_close(struct bs_proxy *proxy) {
  free(proxy->http);
  free(proxy->https);
  free(proxy->ftp);
  free(proxy->except);
  *proxy = (struct bs_proxy){0};
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
  if ( bits > most || memcmp(network, address, (size_t)bits / 8) != 0) return false;
  return bits % 8 == 0 || (network[bits / 8] ^ address[bits / 8]) >> (8 - bits % 8) == 0;
}

/* Does an item of the list name the host: itself, a domain that it is in, or a network? */
static bool names(const char *item, const char *host) {
  size_t host_length = strlen(host), length;

  if (strcmp(item, "*") == 0 || covers(item, host)) return true;
  if (item[0] == '.') item++;
  length = strlen(item);
  if (length > 0 && item[length - 1] == '.') length--;
  if (length == 0 || length > host_length || strncasecmp(host + host_length - length, item, length) != 0) return false;
  return length == host_length || host[host_length - length - 1] == '.';
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

const char *bs_proxy_for(const struct bs_proxy *proxy, const char *scheme, const char *host) {
  const char *url = proxy->http;

  if (strcasecmp(scheme, "https") == 0) url = proxy->https;
  if (strcasecmp(scheme, "ftp") == 0 || strcasecmp(scheme, "ftps") == 0) url = proxy->ftp;
  if (url == NULL || (proxy->except != NULL && is_excepted(proxy->except, host))) return "";
  return url;
}

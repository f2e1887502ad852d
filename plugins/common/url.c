/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t bs_url_escape(char *ret_text, size_t size, const void *bytes, size_t length, const char *keep) {
  static const char digits[] = "0123456789ABCDEF";
  const unsigned char *at = bytes;
  size_t whole = 0;
  bool full = false;

  if (size > 0) ret_text[0] = '\0';
  for (size_t i = 0; i < length; i++) {
    bool plain = at[i] != '%' && at[i] != '\0' && strchr(keep, at[i]) != NULL;
    size_t width = plain ? 1 : 3;

    full = full || whole + width >= size;
    if (!full && plain) {
      ret_text[whole] = (char)at[i];
    } else if (!full) {
      ret_text[whole] = '%';
      ret_text[whole + 1] = digits[at[i] >> 4];
      ret_text[whole + 2] = digits[at[i] & 15];
    }
    if (!full) ret_text[whole + width] = '\0';
    whole += width;
  }
  return whole;
}

static int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

/* The byte of the escape whose digits are at `text`, or -1: it is malformed, or a byte no component may hold. */
static int escaped(const char *text) {
  int high = digit_value(text[0]), low = high < 0 ? -1 : digit_value(text[1]), byte = high * 16 + low;

  return low < 0 || byte == '\0' || byte == '/' ? -1 : byte;
}

bool bs_url_decode_path(char *ret_path, size_t size, const char *text) {
  size_t length = 0;

  for (; *text != '\0'; text++) {
    int byte = (unsigned char)*text;

    if (byte == '%') {
      byte = escaped(text + 1);
      if (byte < 0) return false;
      text += 2;
    } else if (strchr(BS_URL_PATH "!$&'()*+,;=:@", byte) == NULL) {
      return false;
    }
    if (length + 1 >= size) return false;
    ret_path[length++] = (char)byte;
  }
  if (size == 0) return false;
  ret_path[length] = '\0';
  return true;
}

/* The length of a name, an IPv4 address, or an IPv6 address in brackets; 0: it is none of these. */
static size_t host_length(const char *host) {
  size_t inside;

  if (host[0] != '[') return strspn(host, BS_URL_UNRESERVED);
  inside = strspn(host + 1, "0123456789abcdefABCDEF:.");
  return inside > 0 && host[1 + inside] == ']' ? inside + 2 : 0;
}

size_t bs_url_base(const char *url) {
  const char *at = strncasecmp(url, "https://", 8) == 0 ? url + 8 : strncasecmp(url, "http://", 7) == 0 ? url + 7 : "";
  size_t host = host_length(at), port, length;

  if (host == 0) return 0;
  at += host;
  if (at[0] == ':') {
    port = strspn(at + 1, "0123456789");
    if (port == 0 || port > 5 || strtoul(at + 1, NULL, 10) > 65535) return 0;
    at += 1 + port;
  }
  if ((at[0] != '\0' && at[0] != '/') || at[strspn(at, BS_URL_PATH "%")] != '\0') return 0;
  length = strlen(url);
  while (url[length - 1] == '/') length--;
  return length;
}

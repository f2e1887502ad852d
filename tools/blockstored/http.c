/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/http.h"

#include <string.h>
#include <strings.h>

/* Takes a line off, without what ends it; false: there is no whole one. */
static bool take_line(struct bsd_http_span *line, const char **at, const char *end) {
  const char *stop = memchr(*at, '\n', (size_t)(end - *at));

  if (stop == NULL) return false;
  *line = (struct bsd_http_span){*at, (size_t)(stop - *at)};
  if (line->length > 0 && stop[-1] == '\r') line->length--;
  *at = stop + 1;
  return true;
}

static bool is_token(const char *text, size_t length) {
  static const char more[] = "!#$%&'*+-.^_`|~";

  for (size_t i = 0; i < length; i++) {
    char c = text[i];

    if ((c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z') && (c == '\0' || strchr(more, c) == NULL)) return false;
  }
  return length > 0;
}

static bool is_visible(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] <= ' ' || text[i] > '~') return false;
  return length > 0;
}

/* METHOD TARGET HTTP/1.N; *version: N. */
static bool read_request_line(struct bsd_http_head *head, char *version, struct bsd_http_span line) {
  static const char http[] = "HTTP/1.";
  const char *end = line.text + line.length, *target = memchr(line.text, ' ', line.length), *behind;
  size_t method = target == NULL ? 0 : (size_t)(target - line.text);

  if (!is_token(line.text, method)) return false;
  target++;
  behind = memchr(target, ' ', (size_t)(end - target));
  if (behind == NULL || !is_visible(target, (size_t)(behind - target))) return false;
  head->target = (struct bsd_http_span){target, (size_t)(behind - target)};
  behind++;
  *version = end[-1];
  if ((size_t)(end - behind) != sizeof http || memcmp(behind, http, sizeof http - 1) != 0 || *version < '0' || *version > '9')
    return false;
  if (method == 3 && memcmp(line.text, "GET", 3) == 0) head->method = BSD_HTTP_GET;
  if (method == 4 && memcmp(line.text, "HEAD", 4) == 0) head->method = BSD_HTTP_HEAD;
  return true;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static bool is_named(const char *text, size_t length, const char *name) {
  return strlen(name) == length && strncasecmp(text, name, length) == 0;
}

/* NAME: VALUE; a line that goes on with the one before begins with no name. */
static bool read_header(struct bsd_http_head *head, size_t *hosts, struct bsd_http_span line) {
  const char *colon = memchr(line.text, ':', line.length), *value, *end = line.text + line.length;
  size_t name = colon == NULL ? 0 : (size_t)(colon - line.text);

  if (!is_token(line.text, name)) return false;
  for (value = colon + 1; value < end && is_blank(*value);) value++;
  while (end > value && is_blank(end[-1])) end--;
  for (const char *at = value; at < end; at++)
    if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f) return false;
  if (is_named(line.text, name, "Host")) ++*hosts;
  if (is_named(line.text, name, "If-None-Match") && head->known.text == NULL)
    head->known = (struct bsd_http_span){value, (size_t)(end - value)};
  return true;
}

/* The empty line has arrived.  False: something is malformed. */
static bool read_lines(struct bsd_http_head *head, const char *at, const char *end) {
  struct bsd_http_span line;
  size_t hosts = 0;
  char version;

  if (!take_line(&line, &at, end) || !read_request_line(head, &version, line)) return false;
  while (take_line(&line, &at, end) && line.length > 0)
    if (!read_header(head, &hosts, line)) return false;
  return hosts == 1 || (hosts == 0 && version == '0');
}

/* Is there an empty line? */
static bool is_whole(const char *at, const char *end) {
  struct bsd_http_span line;

  while (take_line(&line, &at, end))
    if (line.length == 0) return true;
  return false;
}

enum bsd_http_state bsd_http_read(struct bsd_http_head *ret_head, const void *bytes, size_t length) {
  struct bsd_http_head head = {.method = BSD_HTTP_OTHER};
  const char *at = bytes, *end;
  size_t most = length < BSD_HTTP_HEAD_MAX ? length : BSD_HTTP_HEAD_MAX;

  if (length == 0) return BSD_HTTP_PARTIAL;
  end = at + most;
  /* One that a client of old put behind its last request. */
  if (*at == '\n') at++;
  else if (most > 1 && at[0] == '\r' && at[1] == '\n') at += 2;
  if (!is_whole(at, end)) return length < BSD_HTTP_HEAD_MAX ? BSD_HTTP_PARTIAL : BSD_HTTP_TOO_LARGE;
  if (!read_lines(&head, at, end)) return BSD_HTTP_MALFORMED;
  *ret_head = head;
  return BSD_HTTP_WHOLE;
}

/* SPDX-License-Identifier: MIT */
/* What somebody may send to blockstored's HTTP side, until its head is whole. */
#include <config.h>

#include "t/fuzz/targets.h"
#include "tools/blockstored/http.h"

static bool lies_in(struct bsd_http_span span, const uint8_t *bytes, size_t length) {
  const char *from = (const char *)bytes;

  return span.text >= from && span.text + span.length <= from + length;
}

void bs_fuzz_http(const uint8_t *bytes, size_t length) {
  struct bsd_http_head head, again;
  enum bsd_http_state state = bsd_http_read(&head, bytes, length);
  size_t part = length - length / 7;

  if (state == BSD_HTTP_PARTIAL) PROMISED(length < BSD_HTTP_HEAD_MAX);
  if (state == BSD_HTTP_TOO_LARGE) PROMISED(length >= BSD_HTTP_HEAD_MAX);
  if (state == BSD_HTTP_WHOLE) {
    PROMISED(head.target.length > 0 && lies_in(head.target, bytes, length));
    for (size_t i = 0; i < head.target.length; i++) PROMISED(head.target.text[i] > ' ' && head.target.text[i] <= '~');
    PROMISED(head.known.text == NULL || lies_in(head.known, bytes, length));
  }
  /* What was decided is not decided otherwise when more has come. */
  PROMISED(bsd_http_read(&again, bytes, part) == BSD_HTTP_PARTIAL || bsd_http_read(&again, bytes, part) == state);
}

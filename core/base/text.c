/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/text.h"

#include <stddef.h>
#include <stdint.h>

/* The length of the UTF-8 character at `text`, 0 when it is none, or a control character. */
static size_t character(const unsigned char *text) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
  uint32_t code = text[0];

  if (length == 1) return text[0] >= 0x20 && text[0] != 0x7f ? 1 : 0;
  if (text[0] < 0xc2 || text[0] > 0xf4) return 0;
  code &= 0xffu >> (length + 1);
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | (text[i] & 0x3fu);
  }
  if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  return code < 0xa0 ? 0 : length;
}

void bs_text_tidy(char *text) {
  for (unsigned char *at = (unsigned char *)text; *at != '\0';) {
    size_t good = character(at);

    if (good == 0) *at = '?';
    at += good == 0 ? 1 : good;
  }
}

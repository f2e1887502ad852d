/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/codec/netstring.h"

static bool is_digit(unsigned char byte) {
  return byte >= '0' && byte <= '9';
}

/* The number and its ':'; *ret_header: their bytes. */
static enum bs_netstring_state decode_number(size_t *ret_value, size_t *ret_header, const unsigned char *bytes, size_t length,
                                             size_t limit) {
  size_t value = 0, at = 0;

  for (; at < length && is_digit(bytes[at]); at++) {
    size_t digit = bytes[at] - (size_t)'0';

    if (at == 1 && bytes[0] == '0') return BS_NETSTRING_MALFORMED;
    if (digit > limit || value > (limit - digit) / 10) return BS_NETSTRING_TOO_LARGE;
    value = 10 * value + digit;
  }
  if (at == length) return BS_NETSTRING_PARTIAL;
  if (at == 0 || bytes[at] != ':') return BS_NETSTRING_MALFORMED;
  *ret_value = value;
  *ret_header = at + 1;
  return BS_NETSTRING_WHOLE;
}

enum bs_netstring_state bs_netstring_decode(struct bs_netstring *ret_frame, const void *bytes, size_t length, size_t limit) {
  const unsigned char *from = bytes;
  size_t value, header;
  enum bs_netstring_state state = decode_number(&value, &header, from, length, limit);

  if (state != BS_NETSTRING_WHOLE) return state;
  if (length - header <= value) return BS_NETSTRING_PARTIAL;
  if (from[header + value] != ',') return BS_NETSTRING_MALFORMED;
  *ret_frame = (struct bs_netstring){from + header, value, header + value + 1};
  return BS_NETSTRING_WHOLE;
}

void bs_netstring_encode(struct bs_buffer *ret_frame, const void *payload, size_t length) {
  bs_buffer_format(ret_frame, "%zu:", length);
  bs_buffer_add(ret_frame, payload, length);
  bs_buffer_byte(ret_frame, ',');
}

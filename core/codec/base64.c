/* SPDX-License-Identifier: MIT */
/*
 * libcrypto does the work, in runs that fit its int.  Its decoder strips white space at both ends and takes '=' for a
 * zero anywhere, and leaves the unused bits unchecked: what we add is the refusal of these.
 */
#include <config.h>

#include <string.h>

#include <openssl/evp.h>

#include "core/codec/base64.h"

#define RUN_TEXT ((size_t)1 << 30)
#define RUN_BYTES (RUN_TEXT / 4 * 3)

void bs_base64_encode(struct bs_buffer *ret_text, const void *bytes, size_t length) {
  const unsigned char *from = bytes;
  size_t text_length = (length + 2) / 3 * 4;
  unsigned char *to = bs_buffer_extend(ret_text, text_length + 1); /* libcrypto adds a NUL */
  if (to == NULL) return;
  ret_text->length--;
  while (length > 0) {
    size_t run = length < RUN_BYTES ? length : RUN_BYTES;
    to += EVP_EncodeBlock(to, from, (int)run);
    from += run;
    length -= run;
  }
}

/* `quad`: the last four characters; its bytes, which libcrypto has found, must give the same text again. */
static bool ends_canonically(const char *quad, const unsigned char bytes[3], size_t padding) {
  unsigned char again[5];
  EVP_EncodeBlock(again, bytes, (int)(3 - padding));
  return memcmp(again, quad, 4) == 0;
}

static bool decode(unsigned char *to, const char *text, size_t length) {
  while (length > 0) {
    size_t run = length < RUN_TEXT ? length : RUN_TEXT;
    /* A stripped white space shows in the count. */
    if (EVP_DecodeBlock(to, (const unsigned char *)text, (int)run) != (int)(run / 4 * 3)) return false;
    to += run / 4 * 3;
    text += run;
    length -= run;
  }
  return true;
}

bool bs_base64_decode(struct bs_buffer *ret_bytes, const char *text, size_t length) {
  if (length == 0) return true;
  if (length % 4 != 0 || memchr(text, '=', length - 2) != NULL) return false;
  size_t padding = (size_t)(text[length - 2] == '=') + (size_t)(text[length - 1] == '=');
  size_t before = ret_bytes->length, size = length / 4 * 3;
  unsigned char *to = bs_buffer_extend(ret_bytes, size);
  if (to == NULL) return false;
  bool canonical = decode(to, text, length) && ends_canonically(text + length - 4, to + size - 3, padding);
  ret_bytes->length = canonical ? before + size - padding : before;
  return canonical;
}

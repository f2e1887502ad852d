/* SPDX-License-Identifier: MIT */
/* Base64, RFC 4648 section 4, canonical only: padded, no white space, unused bits zero. */
#ifndef BS_CODEC_BASE64_H
#define BS_CODEC_BASE64_H

#include "core/base/buffer.h"

void bs_base64_encode(struct bs_buffer *ret_text, const void *bytes, size_t length);
/* False when the text is not canonical, and when memory ran out (bs_buffer_ok tells); then nothing was appended. */
bool bs_base64_decode(struct bs_buffer *ret_bytes, const char *text, size_t length);

#endif

/* SPDX-License-Identifier: MIT */
/* JSON for people: keys sorted, indented by four spaces; scalars are copied as they stand. */
#ifndef BS_CODEC_PRETTY_H
#define BS_CODEC_PRETTY_H

#include "core/codec/json.h"

/* Appends the scanned value. */
void bs_json_pretty(struct bs_buffer *ret_text, struct bs_json value);

#endif

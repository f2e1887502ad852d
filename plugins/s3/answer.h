/* SPDX-License-Identifier: MIT */
/* What an S3 server's answer means to the user: its XML, its error codes. */
#ifndef BS_PLUGINS_S3_ANSWER_H
#define BS_PLUGINS_S3_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/common/http.h"
#include "plugins/common/plugin.h"
#include "plugins/s3/place.h"

#pragma GCC visibility push(hidden)

/*
 * The text of the first element of this name that holds nothing but text.
 * Returns: false: there is none, or it does not fit; ret_text is then ""
 * Out:     ret_text: NUL-terminated, `size` bytes
 * In:      reply:    XML, or NULL
 */
bool bs_s3_element(char *ret_text, size_t size, const char *reply, const char *name);

/* OK for a code from 200 to 299 without an error in its body; else the status and a sentence.  `doing`: what the driver
 * was about ("The object cannot be read").  NOT_FOUND only where the server said that there is no such object. */
enum blockstore_status bs_s3_judge(const struct bs_http_request *request, struct blockstore_call *call,
                                   const struct bs_s3_place *place, const char *doing);

/* Whoever says yes to everything has stored nothing: a hotel's network, a web application.  FAILED, with a sentence. */
enum blockstore_status bs_s3_refuse_stranger(const struct bs_http_request *request, struct blockstore_call *call,
                                             const char *doing);

#pragma GCC visibility pop
#endif

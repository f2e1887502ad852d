/* SPDX-License-Identifier: MIT */
/* Whose requests these are: a key pair out of the configuration, the environment or an AWS profile, or nobody's. */
#ifndef BS_PLUGINS_S3_CREDENTIALS_H
#define BS_PLUGINS_S3_CREDENTIALS_H

#include "plugins/common/plugin.h"

#pragma GCC visibility push(hidden)

struct bs_s3_credentials {
  char *access_key_id, *secret_access_key; /* NULL: anonymous */
  char *session_token;                     /* or NULL */
  const char *origin;                      /* a word for who asks where they come from */
};

/* Finds them; FAILED with a sentence: half a pair, a profile or its file that was named and is not there, a value that is
 * none.  The sentences hold nothing of the values. */
enum blockstore_status bs_s3_credentials_find(struct bs_s3_credentials *ret_credentials, struct blockstore_call *call,
                                              const struct blockstore_settings *settings);
/* Wipes and frees them. */
void bs_s3_credentials_end(struct bs_s3_credentials *credentials);

#pragma GCC visibility pop
#endif

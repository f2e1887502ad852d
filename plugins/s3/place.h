/* SPDX-License-Identifier: MIT */
/* Where a store lies: a bucket behind an endpoint, and a prefix in it; and the URLs of its objects. */
#ifndef BS_PLUGINS_S3_PLACE_H
#define BS_PLUGINS_S3_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/s3/sign.h"

#pragma GCC visibility push(hidden)

#define BS_S3_URL_LONGEST 2048
#define BS_S3_KEY_MOST ((size_t)1024) /* bytes of an object's path in the bucket, by S3 */

/* A way to write the bucket: "https://endpoint" and "/bucket/", or "https://bucket.endpoint" and "/". */
struct bs_s3_form {
  char *origin; /* scheme and host, in lower case; no slash at its end */
  char *path;   /* a slash at each end; not escaped */
};

enum { BS_S3_OWN, BS_S3_OTHER, BS_S3_SHORT, BS_S3_FORMS };

struct bs_s3_place {
  struct bs_s3_form forms[BS_S3_FORMS]; /* of option `style`: it is asked for so; the other style; s3://bucket */
  char *bucket;                         /* option `bucket` */
  char *prefix;                         /* option `prefix`, a slash at its end; or "" */
  char region[BS_S3_REGION_LONGEST + 1]; /* option `region`, or what the endpoint's name says */
};

/* Reads the options; FAILED with a sentence that names the one that is wrong. */
enum blockstore_status bs_s3_place_open(struct bs_s3_place *ret_place, struct blockstore_call *call,
                                        const struct blockstore_settings *settings);
void bs_s3_place_close(struct bs_s3_place *place);

/* The URL of an object, without a query, by free(); NULL when memory runs out.  No object: that of the bucket. */
char *bs_s3_place_url(const struct bs_s3_place *place, const char *object);

/* Takes a URL in any of the forms; false: it is no mutable object of this store. */
bool bs_s3_place_take(const struct bs_s3_place *place, struct bs_layout *ret_layout, const char *url);

#pragma GCC visibility pop
#endif

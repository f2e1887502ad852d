/* SPDX-License-Identifier: MIT */
/*
 * A store that does all that blockstore/driver.h asks, as simply as can be: a file an object, in one directory.  The
 * drivers of this folder are this one with something wrong in it: t/40-flawed.t sees that blockstore-driver-test finds
 * just that.
 */
#ifndef BS_T_FLAWED_GOOD_H
#define BS_T_FLAWED_GOOD_H

#include <blockstore/driver.h>
#include <stdbool.h>

struct good {
  char *root;      /* option root */
  char *secret;    /* option secret, NULL: not given; a real store would show it to its server */
  char place[17];  /* what its URLs have of the root */
};

#define GOOD_PATH 4200 /* bytes of a file's name with its directory */
#define GOOD_LARGEST 2097152

#define GOOD_OPTIONS                                                                                                   \
  BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Directory that holds the objects; it is made when it is missing")     \
  BLOCKSTORE_OPTION("secret", SECRET, OPTIONAL, "", "Shown to nobody")                                                 \
  BLOCKSTORE_OPTION_ENUM("class", "hot,cold", OPTIONAL, "hot", "Of no account")                                        \
  BLOCKSTORE_OPTION("level", INT, OPTIONAL, "1", "Of no account")                                                      \
  BLOCKSTORE_OPTION("label", STRING, OPTIONAL, "", "Of no account")
#define GOOD_PROMISES                                                                                                  \
  BLOCKSTORE_URL_SCHEME("flawed") BLOCKSTORE_LARGEST_OBJECT(2097152) BLOCKSTORE_THREADS_PARALLEL                       \
  BLOCKSTORE_CAPABILITY_DURABLE BLOCKSTORE_CAPABILITY_CONSISTENT BLOCKSTORE_CAPABILITY_LOCAL
#define GOOD_METADATA BLOCKSTORE_VERSION("1") BLOCKSTORE_DESCRIPTION("A store for tests") GOOD_PROMISES GOOD_OPTIONS

extern const struct blockstore_driver good;

/* For the flaws: the file of an object, and the steps of a put and a get. */
void good_key_path(const struct good *self, char path[GOOD_PATH], const char *key);
void good_id_path(const struct good *self, char path[GOOD_PATH], const char *id);
/* UNHANDLED_URL unless it is one of this store's. */
enum blockstore_status good_url_path(const struct good *self, char path[GOOD_PATH], const char *url);
enum blockstore_status good_put(struct good *self, struct blockstore_call *call, const char *path,
                                const struct blockstore_source *source);
enum blockstore_status good_get(struct good *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                const char *path);
/* Of this process: some flaws show on no other. */
bool good_is_first_thread(void);

#endif

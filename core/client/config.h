/* SPDX-License-Identifier: MIT */
/* The configuration (design section 4): read once, strict, never changed afterwards but for registered stores. */
#ifndef BS_CLIENT_CONFIG_H
#define BS_CLIENT_CONFIG_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/base/buffer.h"
#include "core/codec/yaml.h"
#include "core/driver/isolate.h"
#include "core/names/names.h"

/* One entry of `stores:`; its options are checked when its driver is loaded. */
struct bs_store_config {
  char *name;
  char *driver;
  int64_t is_inline;          /* 1, 0, or -1: as the driver says */
  int64_t is_durable;         /* the same */
  enum bs_isolate isolate;
  const struct bs_yaml *node; /* the whole mapping, of the config's document */
};

enum bs_write_policy { BS_WRITE_NUMBER, BS_WRITE_MAJORITY, BS_WRITE_ALL };

struct blockstore_config {
  atomic_uint references; /* the program's, and one of each session */
  struct bs_yaml *root;
  char *file;      /* for messages: the path, or "built-in configuration" */
  char *directory; /* relative paths begin here; NULL: the working directory */
  bool built_in;

  char **plugin_path; /* in order; BLOCKSTORE_PLUGIN_PATH's first */
  size_t plugin_path_count;
  char *state_dir;

  char *locked;                             /* load.locked: an address; NULL: any driver may be loaded */
  unsigned char locked_by[BS_HASH160_SIZE]; /* its hash */
  char *lock_file;                          /* NULL: of the built-in one */

  char *provider;
  char *ledger;   /* embedded: the file; else NULL */
  char *server;   /* names.server, as it was given */
  char **servers; /* blockstored: all of them, names.server or those of names.servers */
  size_t server_count;
  int64_t port;       /* of those that name none */
  char *chain;        /* blockstored: the id that the chain must have; NULL: any */
  int64_t max_age_ms; /* how long a session believes a name record */
  int64_t max_fee;   /* satoshis; 0: the provider's default */
  int64_t max_price; /* the same */
  bool has_pin;
  int64_t pin_block;
  unsigned char pin_consensus[16];
  int64_t prove_blocks; /* the most that a proof of what is current goes through, where no other number is asked for */

  struct bs_store_config *stores;
  size_t store_count;

  char **legacy; /* compat.legacy: names whose mutable records of 2015 are believed */
  size_t legacy_count;

  enum bs_write_policy write_policy; /* of the durable stores */
  int64_t write_at_least;            /* BS_WRITE_NUMBER */
  char **require;                    /* names of stores that must succeed */
  size_t require_count;
  const struct bs_yaml *at_least_node, *require_node; /* for messages; NULL: not given */
  char *read; /* "newest" or "first" */

  int64_t connect_ms;
  int64_t operation_ms;
  int64_t budget_ms;

  int64_t limit_object; /* bytes */
  int64_t limit_mutable_record;
  int64_t limit_user_record;

  struct blockstore_storage **registered; /* by blockstore_register_storage, in order; one reference each */
  size_t registered_count;
};

/* file NULL: the user's own, or the built-in one.  Words: config, not_found (a named file), too_large, io. */
bool bs_config_read(struct blockstore_config **ret_config, const char *file, struct bs_error *error);
/* The built-in one, whatever files there are. */
bool bs_config_built_in(struct blockstore_config **ret_config, struct bs_error *error);
struct blockstore_config *bs_config_retain(struct blockstore_config *config);
void bs_config_release(struct blockstore_config *config);

/* $XDG_CONFIG_HOME/blockstore/blockstore.yaml; by free(). */
char *bs_config_default_file(struct bs_error *error);
/* The built-in configuration as a commented file. */
bool bs_config_default_text(struct bs_buffer *ret_text, struct bs_error *error);

/* Fails with config, "FILE:LINE:COLUMN: " of the node before the text; node NULL: "FILE: ". */
bool bs_config_refuse(const struct blockstore_config *config, const struct bs_yaml *node, struct bs_error *error,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Who answers for names; within the config. */
struct bs_names_config bs_config_names(const struct blockstore_config *config);
const struct bs_store_config *bs_config_store(const struct blockstore_config *config, const char *name);
/* Members of a store's mapping that are the core's, not its driver's. */
extern const char *const bs_config_core_keys[];
extern const size_t bs_config_core_key_count;

#endif

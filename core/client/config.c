/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/client/storage.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/driver/catalog.h"
#include "core/driver/lockfile.h"
#include "core/driver/options.h"
#include "core/driver/rows.h"
#include "core/driver/vet.h"
#include "core/names/server-address.h"
#include "core/record/mutable.h"
#include "core/record/name.h"
#include "core/record/user.h"

#define CONFIG_FILE_MAX (1u << 20)
#define MAX_AGE_MS 60000 /* of what a server said of a name */

const char *const bs_config_core_keys[] = {"name", "driver", "inline", "durable", "filters", "isolate", "sha256"};
const size_t bs_config_core_key_count = sizeof bs_config_core_keys / sizeof bs_config_core_keys[0];

#define BS_ROWS_OF struct blockstore_config
static const struct bs_row rows[] = {
    BS_ROW("", "state_dir", PATH, "", 0, 0, state_dir),
    BS_ROW("names", "provider", ENUM, "embedded,blockstored", 0, 0, provider),
    BS_ROW("names", "ledger", PATH, "", 0, 0, ledger),
    BS_ROW("names", "server", STRING, "", 0, 0, server),
    BS_ROW("names", "port", INT, "", 1, 65535, port),
    BS_ROW("names", "chain", STRING, "", 0, 0, chain),
    BS_ROW("names", "max_age", DURATION, "", 0, INT64_C(3600000), max_age_ms),
    BS_ROW("names", "max_fee", INT, "", 1, INT64_C(2100000000000000), max_fee),
    BS_ROW("names", "max_price", INT, "", 1, INT64_C(2100000000000000), max_price),
    BS_ROW("names", "prove_blocks", INT, "", 0, INT64_C(100000000), prove_blocks),
    BS_ROW("load", "locked", STRING, "", 0, 0, locked),
    BS_ROW("load", "file", PATH, "", 0, 0, lock_file),
    BS_ROW("replication", "read", ENUM, "newest,first", 0, 0, read),
    BS_ROW("timeouts", "connect", DURATION, "", 1, INT64_C(86400000), connect_ms),
    BS_ROW("timeouts", "operation", DURATION, "", 1, INT64_C(604800000), operation_ms),
    BS_ROW("timeouts", "budget", DURATION, "", 1, INT64_C(86400000), budget_ms),
    BS_ROW("limits", "object", SIZE, "", 1, INT64_C(1) << 50, limit_object),
    BS_ROW("limits", "mutable_record", SIZE, "", 1024, BS_MUTABLE_RECORD_MAX, limit_mutable_record),
    BS_ROW("limits", "user_record", SIZE, "", 1024, BS_USER_RECORD_MAX, limit_user_record),
};
static const size_t row_count = sizeof rows / sizeof rows[0];

static const char *const top_keys[] = {"plugin_path", "state_dir", "names", "stores", "replication", "timeouts",
                                       "limits", "compat", "load"};
static const char *const names_keys[] = {"servers", "pin"};
static const char *const replication_keys[] = {"write", "read"};
static const char *const compat_keys[] = {"legacy"};
static const char *const pin_keys[] = {"block", "consensus"};
static const char *const write_keys[] = {"at_least", "require"};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct bs_rows_file place(const struct blockstore_config *config) {
  return (struct bs_rows_file){config->file, config->directory, config->root};
}

bool bs_config_refuse(const struct blockstore_config *config, const struct bs_yaml *node, struct bs_error *error,
                      const char *format, ...) {
  const struct bs_rows_file file = place(config);
  char text[1024];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return bs_rows_refuse(&file, node, error, "%s", text);
}

static bool complain(struct bs_error *error, const struct blockstore_config *config, const struct bs_yaml *node,
                     const char *sentence, const char *argument) {
  return bs_config_refuse(config, node, error, "%s%s", sentence, argument);
}

static bool wants_mapping(const struct blockstore_config *config, const struct bs_yaml *node, const char *what,
                          struct bs_error *error) {
  const struct bs_rows_file file = place(config);

  return bs_rows_want_mapping(&file, node, what, error);
}

static const char *scalar(const struct blockstore_config *config, const struct bs_yaml *node, const char *expected,
                          struct bs_error *error) {
  const struct bs_rows_file file = place(config);

  return bs_rows_scalar(&file, node, expected, error);
}

static bool read_section(struct blockstore_config *config, const char *section, const char *const *extra, size_t extra_count,
                         struct bs_error *error) {
  const struct bs_rows_file file = place(config);

  return bs_rows_read(&file, config, rows, row_count, section, extra, extra_count, error);
}

static bool read_list(struct blockstore_config *config, const struct bs_yaml *node, bool are_paths, char ***texts, size_t *count,
                      struct bs_error *error) {
  const struct bs_rows_file file = place(config);

  return bs_rows_read_list(&file, node, are_paths, texts, count, error);
}

/* BLOCKSTORE_PLUGIN_PATH, then plugin_path, or where drivers are installed. */
static bool read_plugin_path(struct blockstore_config *config, struct bs_error *error) {
  const struct bs_yaml *node = bs_yaml_find(config->root, "plugin_path");

  if (!bs_catalog_add_environment(&config->plugin_path, &config->plugin_path_count, error)) return false;
  if (node != NULL) return read_list(config, node, true, &config->plugin_path, &config->plugin_path_count, error);
  return bs_catalog_add_installed(&config->plugin_path, &config->plugin_path_count, error);
}

/* The key may be there, but misspelt. */
static bool refuse_missing(const struct blockstore_config *config, const struct bs_yaml *store, const char *key,
                           struct bs_error *error) {
  for (size_t i = 0; i < store->count; i++)
    if (bs_nearest(store->keys[i]->text, &key, 1) != NULL)
      return bs_config_refuse(config, store->keys[i], error, "The store has no \"%s\"; is \"%s\" meant to be it?", key,
                              store->keys[i]->text);
  return bs_config_refuse(config, store, error, "The store has no \"%s\".", key);
}

/* Left as it is where the store has no such key. */
static bool read_store_truth(const struct blockstore_config *config, const struct bs_yaml *store, const char *key,
                             int64_t *ret_truth, struct bs_error *error) {
  const struct bs_yaml *node = bs_yaml_find(store, key);
  const char *expected = bs_option_expected(NULL, BS_OPTION_BOOL, NULL), *text;

  if (node == NULL) return true;
  text = scalar(config, node, expected, error);
  if (text == NULL) return false;
  return bs_option_number(ret_truth, BS_OPTION_BOOL, text, "") || complain(error, config, node, "Expected here: ", expected);
}

/* It has processes of its own, and they are not this thread. */
static bool read_isolate(const struct blockstore_config *config, const struct bs_yaml *node, struct bs_store_config *store,
                         struct bs_error *error) {
  static const enum bs_isolate ways[] = {BS_ISOLATE_NONE, BS_ISOLATE_PROCESS, BS_ISOLATE_SANDBOX};
  static const char expected[] = "true, false or process";
  const struct bs_yaml *isolate = bs_yaml_find(node, "isolate");
  const char *text = isolate == NULL ? "false" : scalar(config, isolate, expected, error);
  size_t i = 0;

  if (text == NULL) return false;
  while (i < COUNT(ways) && strcmp(text, bs_isolate_text(ways[i])) != 0) i++;
  if (i == COUNT(ways)) return complain(error, config, isolate, "Expected here: ", expected);
  store->isolate = ways[i];
  if (store->isolate == BS_ISOLATE_NONE || store->is_inline != 1) return true;
  return complain(error, config, isolate, "A driver is either isolated or runs on the caller's thread, not both: leave out ",
                  "\"inline\"");
}

static bool read_store_texts(struct blockstore_config *config, const struct bs_yaml *node, struct bs_store_config *store,
                             struct bs_error *error) {
  const struct bs_yaml *name = bs_yaml_find(node, "name"), *driver = bs_yaml_find(node, "driver");
  struct bs_wanted wanted;
  const char *text;

  if (name == NULL) return refuse_missing(config, node, "name", error);
  if (driver == NULL) return refuse_missing(config, node, "driver", error);
  text = scalar(config, name, "a name for the store", error);
  if (text == NULL || (store->name = strdup(text)) == NULL) return text == NULL ? false : bs_fail_memory(error);
  if (text[0] == '\0' || strlen(text) > 64 || !bs_utf8_valid(text, strlen(text)) || strpbrk(text, "\n\r\t") != NULL)
    return complain(error, config, name, "Expected here: ", "a store's name of 1 to 64 bytes without control characters");
  if (bs_config_store(config, text) != NULL) return complain(error, config, name, "There are two stores of this name: ", text);
  text = scalar(config, driver, "the name of a driver", error);
  if (text == NULL || (store->driver = strdup(text)) == NULL) return text == NULL ? false : bs_fail_memory(error);
  if (!bs_vet_is_name(text))
    return complain(error, config, driver, "This cannot be the name of a driver ([a-z][a-z0-9_]{0,30}): ", text);
  return read_store_truth(config, node, "inline", &store->is_inline, error) &&
         read_store_truth(config, node, "durable", &store->is_durable, error) && read_isolate(config, node, store, error) &&
         bs_wanted_find(config, node, &wanted, error) && bs_filters_check(config, bs_yaml_find(node, "filters"), error);
}

static bool read_stores(struct blockstore_config *config, struct bs_error *error) {
  const struct bs_yaml *list = bs_yaml_find(config->root, "stores");

  if (list == NULL || list->kind != BS_YAML_SEQUENCE || list->count == 0)
    return complain(error, config, list == NULL ? config->root : list, "Expected here: ",
                    "stores: a list with at least one store");
  config->stores = calloc(list->count, sizeof *config->stores);
  if (config->stores == NULL) return bs_fail_memory(error);
  config->store_count = 0; /* as it was made; gcc's analyzer, which has not seen that, takes it for more than the array has */
  for (size_t i = 0; i < list->count; i++) {
    struct bs_store_config store = {NULL, NULL, -1, -1, BS_ISOLATE_NONE, list->values[i]};
    bool good = wants_mapping(config, store.node, "A store", error) && read_store_texts(config, store.node, &store, error);

    if (!good) {
      free(store.name);
      free(store.driver);
      return false;
    }
    config->stores[config->store_count++] = store;
  }
  return true;
}

static bool read_at_least(struct blockstore_config *config, const struct bs_yaml *node, struct bs_error *error) {
  static const char expected[] = "a number of stores, majority or all";
  const char *text = scalar(config, node, expected, error);

  if (text == NULL) return false;
  if (strcmp(text, "majority") == 0 || strcmp(text, "all") == 0) {
    config->write_policy = text[0] == 'm' ? BS_WRITE_MAJORITY : BS_WRITE_ALL;
    return true;
  }
  config->write_policy = BS_WRITE_NUMBER;
  if (!bs_option_number(&config->write_at_least, BS_OPTION_INT, text, "") || config->write_at_least < 1)
    return complain(error, config, node, "Expected here: ", expected);
  if ((uint64_t)config->write_at_least > config->store_count)
    return complain(error, config, node, "There are fewer stores than must succeed: ", text);
  return true;
}

static bool refuse_unknown_store(const struct blockstore_config *config, const struct bs_yaml *node, const char *name,
                                 struct bs_error *error) {
  const char **names BS_AUTO_FREE = calloc(config->store_count, sizeof *names);
  char nearest[128];

  if (names == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < config->store_count; i++) names[i] = config->stores[i].name;
  return bs_config_refuse(config, node, error, "There is no store \"%s\"%s", name,
                          bs_rows_suggest(nearest, name, names, config->store_count));
}

static bool read_replication(struct blockstore_config *config, struct bs_error *error) {
  const struct bs_rows_file file = place(config);
  const struct bs_yaml *section = bs_yaml_find(config->root, "replication");
  const struct bs_yaml *write = section == NULL ? NULL : bs_yaml_find(section, "write"), *node;

  if (write == NULL) return true;
  if (!wants_mapping(config, write, "replication.write", error) ||
      !bs_rows_check_keys(&file, write, write_keys, COUNT(write_keys), error))
    return false;
  node = config->at_least_node = bs_yaml_find(write, "at_least");
  if (node != NULL && !read_at_least(config, node, error)) return false;
  node = config->require_node = bs_yaml_find(write, "require");
  if (node == NULL) return true;
  if (!read_list(config, node, false, &config->require, &config->require_count, error)) return false;
  for (size_t i = 0; i < config->require_count; i++)
    if (bs_config_store(config, config->require[i]) == NULL)
      return refuse_unknown_store(config, node->values[i], config->require[i], error);
  return true;
}

/* compat.legacy: names, each once and well-formed. */
static bool read_compat(struct blockstore_config *config, struct bs_error *error) {
  const struct bs_yaml *section = bs_yaml_find(config->root, "compat");
  const struct bs_yaml *node = section == NULL ? NULL : bs_yaml_find(section, "legacy");

  if (node == NULL) return true;
  if (!read_list(config, node, false, &config->legacy, &config->legacy_count, error)) return false;
  for (size_t i = 0; i < config->legacy_count; i++)
    if (!bs_name_check(config->legacy[i], error))
      return bs_config_refuse(config, node->values[i], error, "compat.legacy: %s", error->message);
  return true;
}

/* load: whose lock of drivers there must be, and where. */
static bool read_load(struct blockstore_config *config, struct bs_error *error) {
  const struct bs_yaml *section = bs_yaml_find(config->root, "load");
  struct bs_buffer path = BS_BUFFER_INIT;
  unsigned char version;

  if (section != NULL && config->locked == NULL)
    return bs_config_refuse(config, section, error, "load: Give the address whose signature the lock of drivers must have: "
                            "{locked: ADDRESS}.");
  if (section != NULL && (!bs_address_decode(&version, config->locked_by, config->locked) ||
                          (version != bs_address_version(BS_NETWORK_MAIN) && version != bs_address_version(BS_NETWORK_TEST))))
    return bs_config_refuse(config, bs_yaml_find(section, "locked"), error,
                            "load.locked: Expected here: the address of a key, as keygen prints it (P2PKH)");
  if (config->lock_file != NULL || config->directory == NULL) return true;
  bs_buffer_format(&path, "%s/" BS_LOCKFILE_NAME, config->directory);
  config->lock_file = bs_buffer_take(&path);
  return config->lock_file != NULL || bs_fail_memory(error);
}

/* names.pin: both of its keys. */
static bool read_pin(struct blockstore_config *config, struct bs_error *error) {
  static const char block_expected[] = "the number of a block";
  static const char hash_expected[] = "a consensus hash, 32 hexadecimal digits in lower case";
  const struct bs_rows_file file = place(config);
  const struct bs_yaml *section = bs_yaml_find(config->root, "names");
  const struct bs_yaml *pin = section == NULL ? NULL : bs_yaml_find(section, "pin"), *block, *consensus;
  const char *text;

  if (pin == NULL) return true;
  if (!wants_mapping(config, pin, "names.pin", error) || !bs_rows_check_keys(&file, pin, pin_keys, COUNT(pin_keys), error))
    return false;
  block = bs_yaml_find(pin, "block");
  consensus = bs_yaml_find(pin, "consensus");
  if (block == NULL || consensus == NULL)
    return bs_config_refuse(config, pin, error, "A pin has a block and its consensus hash: {block: NUMBER, consensus: HEX}.");
  text = scalar(config, block, block_expected, error);
  if (text == NULL) return false;
  if (!bs_option_number(&config->pin_block, BS_OPTION_INT, text, "") || config->pin_block < 1 ||
      config->pin_block > INT64_C(1) << 53)
    return complain(error, config, block, "Expected here: ", block_expected);
  text = scalar(config, consensus, hash_expected, error);
  if (text == NULL) return false;
  config->has_pin = bs_hex_is_string(text, 2 * sizeof config->pin_consensus) &&
                    bs_hex_decode(config->pin_consensus, sizeof config->pin_consensus, text);
  return config->has_pin || complain(error, config, consensus, "Expected here: ", hash_expected);
}

static bool set_defaults(struct blockstore_config *config, struct bs_error *error) {
  config->port = BS_NAMES_PORT;
  config->max_age_ms = -1;
  config->prove_blocks = 10000;
  config->write_policy = BS_WRITE_MAJORITY;
  config->connect_ms = 5000;
  config->operation_ms = 60000;
  config->budget_ms = 2000;
  config->limit_object = INT64_C(16) << 30;
  config->limit_mutable_record = BS_MUTABLE_RECORD_MAX;
  config->limit_user_record = BS_USER_RECORD_MAX;
  config->provider = strdup("embedded");
  config->read = strdup("newest");
  return config->provider == NULL || config->read == NULL ? bs_fail_memory(error) : true;
}

/* DIRECTORY of the XDG base directory specification: $VARIABLE or ~/FALLBACK, then /blockstore; by free(). */
static void write_xdg(struct bs_buffer *path, const char *variable, const char *fallback) {
  const char *value = secure_getenv(variable);

  bs_buffer_format(path, "%s%s/blockstore", value != NULL && value[0] == '/' ? "" : "~/",
                   value != NULL && value[0] == '/' ? value : fallback);
}

static char *xdg(const char *variable, const char *fallback, struct bs_error *error) {
  struct bs_buffer path BS_AUTO_BUFFER = BS_BUFFER_INIT;

  write_xdg(&path, variable, fallback);
  if (!bs_buffer_ok(&path, error)) return NULL;
  return bs_file_expand(bs_buffer_string(&path), NULL, error);
}

/* ---- who answers for names ---- */

/* A key of the other provider is refused: who gave it means that one. */
static bool refuse_keys(const struct blockstore_config *config, const char *const *keys, size_t count, struct bs_error *error) {
  const struct bs_yaml *section = bs_yaml_find(config->root, "names");

  for (size_t i = 0; section != NULL && i < section->count; i++)
    for (size_t k = 0; k < count; k++)
      if (strcmp(section->keys[i]->text, keys[k]) == 0)
        return bs_config_refuse(config, section->keys[i], error,
                                "names.%s: The name provider \"%s\" has no such key; it is one of the provider \"%s\".", keys[k],
                                config->provider, strcmp(config->provider, "embedded") == 0 ? "blockstored" : "embedded");
  return true;
}

static bool complete_embedded(struct blockstore_config *config, struct bs_error *error) {
  static const char *const others[] = {"server", "servers", "port", "chain"};
  struct bs_buffer path = BS_BUFFER_INIT;

  if (!refuse_keys(config, others, COUNT(others), error)) return false;
  if (config->max_age_ms < 0) config->max_age_ms = 0; /* asking it costs nothing */
  if (config->ledger != NULL) return true;
  bs_buffer_format(&path, "%s/ledger.db", config->state_dir);
  config->ledger = bs_buffer_take(&path);
  return config->ledger == NULL ? bs_fail_memory(error) : true;
}

static bool check_server(const struct blockstore_config *config, const struct bs_yaml *node, const char *text,
                         struct bs_error *error) {
  struct bs_server_address address;

  return bs_server_address_parse(&address, text, (uint16_t)config->port, error) ||
         bs_config_refuse(config, node, error, "%s", error->message);
}

static bool read_servers(struct blockstore_config *config, const struct bs_yaml *section, struct bs_error *error) {
  const struct bs_yaml *one = bs_yaml_find(section, "server"), *list = bs_yaml_find(section, "servers");
  const struct bs_rows_file file = place(config);

  if (one != NULL && list != NULL)
    return bs_config_refuse(config, list, error, "names.servers: Give either names.server or names.servers, not both.");
  if (one != NULL)
    return check_server(config, one, config->server, error) &&
           bs_rows_append(&config->servers, &config->server_count, strdup(config->server), error);
  if (list == NULL)
    return bs_config_refuse(config, bs_yaml_find(section, "provider"), error,
                            "names.provider: The name provider \"blockstored\" needs names.server, the host where one runs.");
  if (!bs_rows_read_list(&file, list, false, &config->servers, &config->server_count, error)) return false;
  if (config->server_count == 0 || config->server_count > BS_NAMES_SERVERS_MAX)
    return bs_config_refuse(config, list, error, "names.servers: Expected here: a list of 1 to %d servers.",
                            BS_NAMES_SERVERS_MAX);
  for (size_t i = 0; i < config->server_count; i++)
    if (!check_server(config, list->values[i], config->servers[i], error)) return false;
  return true;
}

static bool complete_blockstored(struct blockstore_config *config, struct bs_error *error) {
  static const char *const others[] = {"ledger"};
  const struct bs_yaml *section = bs_yaml_find(config->root, "names");

  if (!refuse_keys(config, others, COUNT(others), error) || !read_servers(config, section, error)) return false;
  if (config->chain != NULL && !bs_hex_is_string(config->chain, 64))
    return bs_config_refuse(config, bs_yaml_find(section, "chain"), error,
                            "names.chain: Expected here: a chain's id, 64 hexadecimal digits in lower case.");
  if (config->max_age_ms < 0) config->max_age_ms = MAX_AGE_MS;
  return true;
}

struct bs_names_config bs_config_names(const struct blockstore_config *config) {
  return (struct bs_names_config){.provider = config->provider,
                                  .ledger = config->ledger,
                                  .servers = (const char *const *)config->servers,
                                  .server_count = config->server_count,
                                  .port = (uint16_t)config->port,
                                  .connect_ms = (uint32_t)config->connect_ms,
                                  .chain = config->chain,
                                  .max_fee = (uint64_t)config->max_fee,
                                  .max_price = (uint64_t)config->max_price};
}

/* What depends on the user's home, unless it was configured. */
static bool complete(struct blockstore_config *config, struct bs_error *error) {
  if (config->state_dir == NULL) config->state_dir = xdg("XDG_STATE_HOME", ".local/state", error);
  if (config->state_dir == NULL) return false;
  return strcmp(config->provider, "blockstored") == 0 ? complete_blockstored(config, error) : complete_embedded(config, error);
}

static bool interpret(struct blockstore_config *config, struct bs_error *error) {
  return wants_mapping(config, config->root, "The configuration", error) && set_defaults(config, error) &&
         read_section(config, "", top_keys, COUNT(top_keys), error) &&
         read_section(config, "names", names_keys, COUNT(names_keys), error) && read_pin(config, error) &&
         read_section(config, "timeouts", NULL, 0, error) && read_section(config, "limits", NULL, 0, error) &&
         read_section(config, "replication", replication_keys, COUNT(replication_keys), error) &&
         read_section(config, "compat", compat_keys, COUNT(compat_keys), error) && read_compat(config, error) &&
         read_section(config, "load", NULL, 0, error) && read_load(config, error) &&
         read_plugin_path(config, error) &&
         read_stores(config, error) && read_replication(config, error) && complete(config, error);
}

char *bs_config_default_file(struct bs_error *error) {
  char *directory BS_AUTO_FREE = xdg("XDG_CONFIG_HOME", ".config", error);
  struct bs_buffer path = BS_BUFFER_INIT;
  char *text;

  if (directory == NULL) return NULL;
  bs_buffer_format(&path, "%s/blockstore.yaml", directory);
  text = bs_buffer_take(&path);
  if (text == NULL) bs_fail_memory(error);
  return text;
}

/* The home stands as "~": a home that is copied has paths of its own. */
bool bs_config_default_text(struct bs_buffer *ret_text, struct bs_error *error) {
  struct bs_buffer state BS_AUTO_BUFFER = BS_BUFFER_INIT, data BS_AUTO_BUFFER = BS_BUFFER_INIT;

  write_xdg(&state, "XDG_STATE_HOME", ".local/state");
  write_xdg(&data, "XDG_DATA_HOME", ".local/share");
  if (!bs_buffer_ok(&state, error) || !bs_buffer_ok(&data, error)) return false;
  bs_buffer_text(ret_text, "# Blockstore: which stores keep the data, and who answers for names.  See "
                 "blockstore.yaml(5).\n\nstate_dir: ");
  bs_json_write_string(ret_text, bs_buffer_string(&state), state.length); /* a JSON string is a YAML one */
  bs_buffer_text(ret_text,
                 "\n\nnames:\n  provider: embedded    # a ledger of this machine's own: its names exist here only\n"
                 "  # or a name server, with these instead of the line above:\n"
                 "  # provider: blockstored\n  # server: names.example.org\n  # port: 6264\n\n"
                 "stores:\n  - name: home\n    driver: disk\n    root: ");
  bs_json_write_string(ret_text, bs_buffer_string(&data), data.length);
  bs_buffer_text(ret_text, "\n\nreplication:\n  write: {at_least: majority}\n\ntimeouts: {connect: 5s, operation: 60s, "
                 "budget: 2s}\n");
  return bs_buffer_ok(ret_text, error);
}

static bool load_built_in(struct blockstore_config *config, struct bs_buffer *text, struct bs_error *error) {
  config->built_in = true;
  free(config->file);
  config->file = strdup("built-in configuration");
  return config->file == NULL ? bs_fail_memory(error) : bs_config_default_text(text, error);
}

/* Fills `text` from the file, or with the built-in configuration, and says in `config` which it was. */
static bool load_text(struct blockstore_config *config, struct bs_buffer *text, const char *file, struct bs_error *error) {
  char *path = file == NULL ? bs_config_default_file(error) : bs_file_expand(file, NULL, error);

  if (path == NULL) return false;
  config->file = path;
  if (bs_file_read(text, path, CONFIG_FILE_MAX, error)) {
    config->directory = strndup(path, (size_t)(strrchr(path, '/') - path));
    return config->directory == NULL ? bs_fail_memory(error) : true;
  }
  if (error->word != BS_WORD_not_found) return false;
  if (file != NULL) return bs_fail(error, BS_WORD_config, "%s: There is no such configuration file.", path);
  return load_built_in(config, text, error);
}

/* file: see load_text; not looked at for the built-in one. */
static bool read_config(struct blockstore_config **ret_config, bool built_in, const char *file, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct blockstore_config *config = calloc(1, sizeof *config);

  if (config == NULL) return bs_fail_memory(error);
  atomic_init(&config->references, 1);
  if (!(built_in ? load_built_in(config, &text, error) : load_text(config, &text, file, error)) ||
      !bs_yaml_read(&config->root, text.bytes, text.length, config->file, error) || !interpret(config, error)) {
    bs_config_release(config);
    return false;
  }
  *ret_config = config;
  return true;
}

bool bs_config_read(struct blockstore_config **ret_config, const char *file, struct bs_error *error) {
  return read_config(ret_config, false, file, error);
}

bool bs_config_built_in(struct blockstore_config **ret_config, struct bs_error *error) {
  return read_config(ret_config, true, NULL, error);
}

struct blockstore_config *bs_config_retain(struct blockstore_config *config) {
  atomic_fetch_add(&config->references, 1);
  return config;
}

static void free_texts(char **texts, size_t count) {
  for (size_t i = 0; i < count; i++) free(texts[i]);
  free(texts);
}

void bs_config_release(struct blockstore_config *config) {
  if (config == NULL || atomic_fetch_sub(&config->references, 1) != 1) return;
  for (size_t i = 0; i < config->registered_count; i++) bs_storage_release(config->registered[i]);
  free(config->registered);
  for (size_t i = 0; i < config->store_count; i++) {
    free(config->stores[i].name);
    free(config->stores[i].driver);
  }
  free(config->stores);
  free_texts(config->plugin_path, config->plugin_path_count);
  free_texts(config->require, config->require_count);
  free_texts(config->legacy, config->legacy_count);
  free_texts(config->servers, config->server_count);
  bs_rows_free(config, rows, row_count);
  bs_yaml_free(config->root);
  free(config->file);
  free(config->directory);
  free(config);
}

const struct bs_store_config *bs_config_store(const struct blockstore_config *config, const char *name) {
  for (size_t i = 0; i < config->store_count; i++)
    if (strcmp(config->stores[i].name, name) == 0) return &config->stores[i];
  return NULL;
}

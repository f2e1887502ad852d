/* SPDX-License-Identifier: MIT */
/* The world of the target `lying`: made through the public API with honest stores, and put back between two inputs. */
#include <config.h>

#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/client/session.h"
#include "core/codec/hex.h"
#include "core/record/statement.h"
#include "t/fuzz/lying.h"
#include "t/lib/forge.h"

#define OWNER "state"
#define READER "reader"
#define FILES_MAX 32
#define FORGED_VER 3 /* the version that forgeries are made of */

const char *const lying_ids[LYING_IDS] = {"/a", "/b", "/c", "/n"};

static struct lying_world world = {.texts = {"the first of two", NULL}};
static char place[256];

/* What lies in the owner's state directory. */
static struct {
  char name[64];
  struct bs_buffer bytes;
} files[FILES_MAX];
static size_t file_count;

/* ---- the folder ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)status, (void)kind, (void)where;
  return remove(path);
}

static void remove_place(void) {
  nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* In memory, where there is such a folder: every put is made durable. */
static void make_place(void) {
  const char *parent = getenv("TMPDIR");

  if (parent == NULL) parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(place, sizeof place, "%s/blockstore-fuzz-XXXXXX", parent);
  PROMISED(mkdtemp(place) != NULL);
  atexit(remove_place);
}

static void path_of(char path[512], const char *directory, const char *name) {
  PROMISED(snprintf(path, 512, "%s/%s/%s", place, directory, name) < 512);
}

static void write_file(const char *path, const void *bytes, size_t length) {
  FILE *file = fopen(path, "wb");

  PROMISED(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

/* Calls for each file of a state directory. */
static void for_each(const char *directory, void (*visit)(const char *path, const char *name)) {
  char path[512];
  struct dirent *entry;
  DIR *opened;

  path_of(path, directory, "");
  opened = opendir(path);
  while (opened != NULL && (entry = readdir(opened)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    path_of(path, directory, entry->d_name);
    visit(path, entry->d_name);
  }
  if (opened != NULL) closedir(opened);
}

static void remove_file(const char *path, const char *name) {
  (void)name;
  PROMISED(remove(path) == 0);
}

static void keep_file(const char *path, const char *name) {
  struct bs_error error = {0};

  PROMISED(file_count < FILES_MAX && strlen(name) < sizeof files[0].name);
  snprintf(files[file_count].name, sizeof files[0].name, "%s", name);
  PROMISED(bs_file_read(&files[file_count++].bytes, path, 16u << 20, &error));
}

void lying_restore(bool reader, bool owner) {
  char path[512];

  if (reader) for_each(READER, remove_file);
  if (!owner) return;
  for_each(OWNER, remove_file);
  for (size_t i = 0; i < file_count; i++) {
    path_of(path, OWNER, files[i].name);
    write_file(path, files[i].bytes.bytes, files[i].bytes.length);
  }
}

/* ---- configurations ---- */

/* As if its driver had been loaded from a file. */
static void register_store(struct blockstore_config *config, const char *name, int64_t number) {
  static const struct bs_metadata metadata = {
      .largest = UINT64_MAX,
      .threads = BS_THREADS_PARALLEL,
      .capabilities = BS_CAPABILITY_DURABLE | BS_CAPABILITY_LOCAL | BS_CAPABILITY_CONSISTENT};
  static const struct bs_module module = {"script", "script.so", &lying_driver, sizeof lying_driver, &metadata};
  struct blockstore_storage *storage = calloc(1, sizeof *storage);
  struct bs_layer *layer = calloc(1, sizeof *layer);
  struct blockstore_error *said = NULL;
  struct bs_error error = {0};

  PROMISED(storage != NULL && layer != NULL);
  atomic_init(&storage->references, 1);
  pthread_mutex_init(&storage->lock, NULL);
  storage->config = bs_config_retain(config);
  storage->entry = bs_config_store(config, name);
  storage->stack = (struct bs_stack){config, storage->entry, layer, 1, metadata.capabilities, NULL};
  layer->module = &module;
  storage->is_durable = true;
  PROMISED(storage->entry != NULL && bs_settings_new(&layer->settings, &error));
  PROMISED(bs_settings_add(layer->settings, "number", BS_OPTION_INT, number == 0 ? "0" : "1", number, &error));
  PROMISED(blockstore_register_storage(config, storage, &said) == BLOCKSTORE_DONE);
}

static void make_config(size_t number) {
  struct blockstore_error *said = NULL;
  char path[512], text[1024];

  snprintf(text, sizeof text,
           "state_dir: %s\nnames: {ledger: " OWNER "/ledger.db}\nreplication: {read: %s}\n"
           "limits: {object: 8KiB, mutable_record: 8KiB, user_record: 8KiB}\n"
           "stores: [{name: one, driver: script}, {name: two, driver: script}]\n",
           number & LYING_READER ? READER : OWNER, number & LYING_FIRST ? "first" : "newest");
  path_of(path, "", "blockstore.yaml");
  write_file(path, text, strlen(text));
  PROMISED(blockstore_get_config(&world.configs[number], path, &said) == BLOCKSTORE_DONE);
  register_store(world.configs[number], "one", 0);
  register_store(world.configs[number], "two", 1);
}

/* ---- what its people did ---- */

static struct blockstore_key *key_of(const char *secret) {
  struct blockstore_error *said = NULL;
  struct blockstore_key *key = NULL;

  PROMISED(blockstore_key_from_text(&key, secret, strlen(secret), &said) == BLOCKSTORE_DONE);
  return key;
}

static void own(struct blockstore *session, const char *name, const struct blockstore_key *key) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  struct blockstore_error *said = NULL;
  char *json = NULL;

  options.owner_key = key;
  PROMISED(blockstore_call_method(session, &json, "register", &name, 1, &options, &said) == BLOCKSTORE_DONE);
  blockstore_free(json);
}

static void put_immutable(struct blockstore *session, size_t number) {
  struct blockstore_input *input = blockstore_input_from_memory(world.texts[number], strlen(world.texts[number]));
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;

  PROMISED(blockstore_put_immutable(session, &receipt, LYING_NAME, input, world.key, NULL, &said) == BLOCKSTORE_DONE);
  memcpy(world.keys[number], blockstore_receipt_key(receipt), 65);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
}

static uint64_t put_mutable(struct blockstore *session, const char *name, const char *id, const char *text,
                            const struct blockstore_key *key) {
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;
  uint64_t ver;

  lying_text = text;
  PROMISED(blockstore_put_mutable(session, &receipt, name, id, input, key, NULL, &said) == BLOCKSTORE_DONE);
  ver = blockstore_receipt_ver(receipt);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return ver;
}

static uint64_t delete_mutable(struct blockstore *session, const char *id) {
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;
  uint64_t ver;

  lying_text = NULL;
  PROMISED(blockstore_delete_mutable(session, &receipt, LYING_NAME, id, world.key, NULL, &said) == BLOCKSTORE_DONE);
  ver = blockstore_receipt_ver(receipt);
  blockstore_receipt_free(receipt);
  return ver;
}

static void live(struct blockstore *session) {
  struct blockstore_key *other = key_of("ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5");

  own(session, LYING_NAME, world.key);
  own(session, "bob.id", other);
  put_immutable(session, 0);
  put_mutable(session, LYING_NAME, lying_ids[LYING_MANY], "one", world.key);
  put_immutable(session, 1);
  put_mutable(session, "bob.id", lying_ids[LYING_MANY], "bob's", other);
  put_mutable(session, LYING_NAME, lying_ids[LYING_MANY], "two, which is longer", world.key);
  put_mutable(session, LYING_NAME, lying_ids[LYING_MANY], "", world.key);
  world.newest[LYING_MANY] = put_mutable(session, LYING_NAME, lying_ids[LYING_MANY], "four", world.key);
  world.newest[LYING_FEW] = put_mutable(session, LYING_NAME, lying_ids[LYING_FEW], "1", world.key);
  put_mutable(session, LYING_NAME, lying_ids[LYING_DELETED], "soon gone", world.key);
  world.newest[LYING_DELETED] = delete_mutable(session, lying_ids[LYING_DELETED]);
  blockstore_key_free(other);
}

/* ---- what others can make ---- */

static void chain_of(struct blockstore *session, unsigned char chain[32]) {
  struct bs_names_info info;
  struct bs_scope *scope;
  struct bs_error error = {0};

  PROMISED(bs_scope_open(&session->scopes, &scope, 10000, &error) && bs_names_info(session->names, scope, &info, &error));
  bs_scope_close(scope);
  PROMISED(bs_hex_decode(chain, 32, info.chain_id));
}

static void keep_forged(const struct forge *of, const struct forge_fault *fault) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT, data_id BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  PROMISED(forge(&record, fault, of, &error));
  bs_data_id(&data_id, &of->datum);
  lying_keep(bs_buffer_string(&data_id), record.bytes, record.length);
}

/* What another machine of the owner's signed, then all forgeries; the honest record of the datum is put back behind them. */
static void forge_all(const unsigned char chain[32]) {
  static const char rival[] = "another four", expired[] = "expired", newest[] = "four";
  struct forge of = {{chain, LYING_NAME, lying_ids[LYING_MANY]}, world.key->key, FORGED_VER, 0, "", 0};
  const struct forge_fault *fault, *good = forge_fault_find("good");
  struct bs_buffer data_id BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++)
    if (fault->word != BS_NO_WORD) keep_forged(&of, fault);
  bs_data_id(&data_id, &of.datum);
  of = (struct forge){of.datum, of.key, world.newest[LYING_MANY], 0, rival, strlen(rival)};
  keep_forged(&of, good);
  lying_signed(bs_buffer_string(&data_id), of.ver, rival);
  of = (struct forge){of.datum, of.key, world.newest[LYING_MANY] + 1, 1, expired, strlen(expired)};
  keep_forged(&of, good);
  of = (struct forge){of.datum, of.key, world.newest[LYING_MANY], 0, newest, strlen(newest)};
  keep_forged(&of, good);
}

static void make_world(void) {
  static char long_text[6000];
  struct blockstore_error *said = NULL;
  struct blockstore *session = NULL;
  unsigned char chain[32];

  for (size_t i = 0; i + 1 < sizeof long_text; i++) long_text[i] = (char)('a' + i % 23);
  world.texts[1] = long_text;
  make_place();
  world.key = key_of("6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef");
  for (size_t i = 0; i < 4; i++) make_config(i);
  lying_begin(NULL, 0, false);
  PROMISED(blockstore_session(world.configs[0], &session, NULL, 0, &said) == BLOCKSTORE_DONE);
  live(session);
  chain_of(session, chain);
  forge_all(chain);
  blockstore_close(session);
  for_each(OWNER, keep_file);
}

const struct lying_world *lying_world(void) {
  static bool is_made;

  if (!is_made) make_world();
  is_made = true;
  return &world;
}

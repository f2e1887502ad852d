/* SPDX-License-Identifier: MIT */
/* A user's first steps: a config file and what it names; and the few calls that belong to no object. */
#include <config.h>

#include <stdlib.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/client/session.h"
#include "core/codec/hex.h"

#define STRING_(token) #token
#define STRING(token) STRING_(token)

static void free_replacement(struct bs_replacement *replacement) {
  bs_replacement_abort(replacement);
}

static void free_config(struct blockstore_config **config) {
  bs_config_release(*config);
}

static void close_names(struct bs_names **names) {
  bs_names_close(*names);
}

/* Writes what bs_replacement_commit gives its name. */
static bool write_config(struct bs_replacement *ret_replacement, const char *path, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (access(path, F_OK) == 0) return bs_fail(error, BS_WORD_conflict, "%s: The file exists already; it is left as it is.", path);
  if (!bs_config_default_text(&text, error) || !bs_replacement_begin(ret_replacement, path, 0644, error)) return false;
  return bs_file_write_all(ret_replacement->fd, text.bytes, text.length) ||
         bs_fail_errno(error, "%s: The file cannot be written", path);
}

static bool make_state(const struct blockstore_config *config, unsigned char chain_id[32], struct bs_error *error) {
  const struct bs_names_config names_config = {.provider = config->provider, .ledger = config->ledger, .create = true};
  struct bs_names *names BS_AUTO(close_names) = NULL;

  return bs_file_make_directories(config->state_dir, 0700, error) && bs_names_open(&names, &names_config, error) &&
         bs_names_chain_id(names, NULL, chain_id, error);
}

static bool init(char **ret_json, const char *file, struct bs_error *error) {
  char *path BS_AUTO_FREE = file == NULL ? bs_config_default_file(error) : bs_file_expand(file, NULL, error);
  struct blockstore_config *config BS_AUTO(free_config) = NULL;
  struct bs_replacement replacement BS_AUTO(free_replacement) = BS_REPLACEMENT_INIT;
  unsigned char chain_id[32];
  char chain[65];
  cJSON *tree;

  if (path == NULL) return false;
  if (file == NULL) {
    char *directory BS_AUTO_FREE = bs_file_expand(path, NULL, error);

    if (directory == NULL) return false;
    *strrchr(directory, '/') = '\0';
    if (!bs_file_make_directories(directory, 0700, error)) return false;
  }
  /* The file comes last: once it is there, so is all that it names, and init is not to be repeated. */
  if (!bs_config_built_in(&config, error) || !write_config(&replacement, path, error) || !make_state(config, chain_id, error) ||
      !bs_replacement_commit(&replacement, true, error))
    return false;
  bs_hex_encode(chain, chain_id, sizeof chain_id);
  tree = cJSON_CreateObject();
  bs_document_text(tree, "config", path);
  bs_document_text(tree, "state_dir", config->state_dir);
  bs_document_text(tree, "ledger", config->ledger);
  bs_document_text(tree, "chain_id", chain);
  return bs_document_give(ret_json, tree, error);
}

enum blockstore_result blockstore_init(char **ret_json, const char *file, struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;

  return bs_report_end(&report, init(ret_json, file, &report.error), error);
}

const char *blockstore_version(void) {
  return STRING(BLOCKSTORE_VERSION_MAJOR) "." STRING(BLOCKSTORE_VERSION_MINOR) "." STRING(BLOCKSTORE_VERSION_PATCH);
}

void blockstore_free(void *string) {
  free(string);
}

void blockstore_set_log(blockstore_log_callback log, void *user, enum blockstore_log_to most) {
  bs_log_to(most == BLOCKSTORE_LOG_TO_NOTHING ? NULL : log, user, (enum bs_log_level)most);
}

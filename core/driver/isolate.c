/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/isolate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/codec/hex.h"

const char *bs_isolate_text(enum bs_isolate isolate) {
  static const char *const texts[] = {
      [BS_ISOLATE_NONE] = "false", [BS_ISOLATE_PROCESS] = "process", [BS_ISOLATE_SANDBOX] = "true"};

  return texts[isolate];
}

/* ---- the program ---- */

/* Where it is installed; a build tree says where its own is. */
static const char *program_path(void) {
  const char *environment = secure_getenv("BLOCKSTORE_DRIVER_HOST");

  return environment != NULL && environment[0] == '/' ? environment : BS_DRIVER_HOST;
}

/* It is vetted as drivers are: it gets the store's secrets. */
static bool vet_program(const char *path, struct bs_error *error) {
  char *directory BS_AUTO_FREE = strndup(path, (size_t)(strrchr(path, '/') - path)), *real BS_AUTO_FREE = NULL;
  struct bs_identity identity;
  int fd BS_AUTO_CLOSE = -1;

  if (directory == NULL) return bs_fail_memory(error);
  if (bs_vet_directory(&real, directory, error) && bs_vet_open(&fd, &identity, path, error)) return true;
  if (error->word == BS_WORD_not_found)
    bs_fail(error, BS_WORD_driver, "%s: There is no such program, in which drivers are isolated: install it, or leave out "
            "\"isolate\".", path);
  return false;
}

/* ---- the driver ---- */

void bs_isolation_free(struct bs_isolation *isolation) {
  if (isolation == NULL) return;
  bs_candidate_free(isolation->candidate);
  free(isolation->program);
  free(isolation);
}

static void set_traits(struct bs_metadata *traits, const struct bs_metadata *metadata) {
  *traits = *metadata;
  traits->threads = BS_THREADS_PARALLEL;
  traits->capabilities &= ~(unsigned)BS_CAPABILITY_LOCAL;
}

bool bs_isolation_new(struct bs_isolation **ret_isolation, struct bs_candidate *candidate, struct bs_error *error) {
  struct bs_isolation *isolation = calloc(1, sizeof *isolation);
  const char *program = program_path();

  if (isolation == NULL) {
    bs_candidate_free(candidate);
    return bs_fail_memory(error);
  }
  isolation->candidate = candidate;
  set_traits(&isolation->traits, candidate->metadata);
  isolation->program = strdup(program);
  if (isolation->program == NULL ? bs_fail_memory(error) : vet_program(program, error)) {
    *ret_isolation = isolation;
    return true;
  }
  bs_isolation_free(isolation);
  return false;
}

/* ---- the settings of exec ---- */

static bool add(struct blockstore_settings *settings, const char *key, enum bs_option_type type, const char *value,
                struct bs_error *error) {
  return bs_settings_add(settings, key, type, value, 0, error);
}

/* Of a secret only the key stands among the options: the value is a setting of its own, so that it is blotted. */
static bool add_secret(struct blockstore_settings *settings, const char *key, const char *value, struct bs_error *error) {
  char *name BS_AUTO_FREE = NULL;

  if (asprintf(&name, "secret.%s", key) < 0) return bs_fail_memory(error);
  return add(settings, "options", BS_OPTION_LIST, key, error) && add(settings, name, BS_OPTION_SECRET, value, error);
}

static bool add_option(struct blockstore_settings *settings, const struct bs_option *option,
                       const struct blockstore_settings *own, struct bs_error *error) {
  const char *value;

  for (size_t i = 0; (value = bs_settings_text(own, option->key, i)) != NULL; i++) {
    char *text BS_AUTO_FREE = NULL;

    if (option->type == BS_OPTION_SECRET) return add_secret(settings, option->key, value, error);
    if (asprintf(&text, "%s=%s", option->key, value) < 0) {
      text = NULL;
      return bs_fail_memory(error);
    }
    if (!add(settings, "options", BS_OPTION_LIST, text, error)) return false;
  }
  return true;
}

/* Where it matters which bytes are loaded, driver-host looks again. */
static bool add_digest(struct blockstore_settings *settings, const struct bs_candidate *candidate, struct bs_error *error) {
  char text[] = "--sha256=" "0123456789012345678901234567890123456789012345678901234567890123";

  if (!candidate->has_sha256) return true;
  bs_hex_encode(text + strlen("--sha256="), candidate->sha256, sizeof candidate->sha256);
  return add(settings, "arguments", BS_OPTION_LIST, text, error);
}

static bool fill(struct blockstore_settings *settings, const struct bs_isolation *isolation, enum bs_isolate how,
                 const struct blockstore_settings *own, struct bs_error *error) {
  const struct bs_metadata *metadata = isolation->candidate->metadata;

  if (!add(settings, "program", BS_OPTION_PATH, isolation->program, error) ||
      (how == BS_ISOLATE_SANDBOX && !add(settings, "arguments", BS_OPTION_LIST, "--sandbox", error)) ||
      !add_digest(settings, isolation->candidate, error) ||
      !add(settings, "arguments", BS_OPTION_LIST, isolation->candidate->path, error))
    return false;
  for (size_t i = 0; i < metadata->option_count; i++)
    if (!add_option(settings, &metadata->options[i], own, error)) return false;
  return true;
}

bool bs_isolation_settings(struct blockstore_settings **ret_settings, const struct bs_isolation *isolation, enum bs_isolate how,
                           const struct blockstore_settings *own, struct bs_error *error) {
  struct blockstore_settings *settings;

  if (!bs_settings_new(&settings, error)) return false;
  if (!fill(settings, isolation, how, own, error)) {
    bs_settings_free(settings);
    return false;
  }
  *ret_settings = settings;
  return true;
}

/* SPDX-License-Identifier: MIT */
/* Evidence files, as evidence.c writes them: both statements are rebuilt, and their signatures verified, without store
 * and chain. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/client/check.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/record/mutable.h"

#define WHAT "evidence"
#define FORMAT "blockstore-evidence-1"
#define FILE_MAX (64u << 20) /* a user record and two mutable ones, in base64 */

/* What both statements share. */
struct evidence {
  unsigned char chain_id[32], signer[BS_HASH160_SIZE];
  struct bs_buffer name, id;
  uint64_t ver;
  bool is_legacy; /* of 2015: what was signed then, is not kept */
};

static void free_evidence(struct evidence *evidence) {
  bs_buffer_free(&evidence->name);
  bs_buffer_free(&evidence->id);
}

static bool malformed(const char *what, struct bs_error *error) {
  return bs_fail(error, BS_WORD_malformed, "Its member \"%s\" is missing or malformed.", what);
}

static bool read_hex(struct bs_json object, const char *key, unsigned char *bytes, size_t length, struct bs_error *error) {
  struct bs_json value;

  return (bs_json_find(object, key, &value) && bs_json_type(value) == BS_JSON_STRING && value.length == 2 * length + 2 &&
          bs_hex_decode(bytes, length, value.text + 1)) ||
         malformed(key, error);
}

static bool read_text(struct bs_json object, const char *key, struct bs_buffer *text, struct bs_error *error) {
  struct bs_json value;

  if (!bs_json_find(object, key, &value) || bs_json_type(value) != BS_JSON_STRING) return malformed(key, error);
  bs_json_string(value, text);
  return bs_buffer_string(text) != NULL || bs_fail_memory(error);
}

static bool read_number(struct bs_json object, const char *key, uint64_t *number, struct bs_error *error) {
  struct bs_json value;

  return (bs_json_find(object, key, &value) && bs_json_integer(value, number)) || malformed(key, error);
}

static bool read_evidence(struct evidence *evidence, struct bs_json root, struct bs_error *error) {
  struct bs_json format;

  if (!bs_json_find(root, "format", &format) || !bs_json_string_is(format, FORMAT, strlen(FORMAT)))
    return malformed("format", error);
  return read_hex(root, "chain", evidence->chain_id, sizeof evidence->chain_id, error) &&
         read_text(root, "name", &evidence->name, error) &&
         read_text(root, "id", &evidence->id, error) && read_number(root, "ver", &evidence->ver, error) &&
         read_hex(root, "signer", evidence->signer, sizeof evidence->signer, error) &&
         bs_name_check(bs_buffer_string(&evidence->name), error) && bs_id_check(bs_buffer_string(&evidence->id), error);
}

static bool read_statement(struct bs_statement *statement, struct bs_json side, struct bs_error *error) {
  struct bs_json kind;

  if (!bs_json_find(side, "kind", &kind)) return malformed("kind", error);
  statement->kind = bs_json_string_is(kind, "tombstone", 9) ? BS_STATEMENT_TOMBSTONE : BS_STATEMENT_DATA;
  if (statement->kind == BS_STATEMENT_DATA && !bs_json_string_is(kind, "data", 4)) return malformed("kind", error);
  return read_number(side, "expires", &statement->expires, error) && read_number(side, "length", &statement->length, error) &&
         read_hex(side, "sha256", statement->sha256, sizeof statement->sha256, error);
}

/* The statement is rebuilt and its signature verified; z: what was signed. */
static bool check_side(unsigned char z[BS_SHA256_SIZE], struct evidence *evidence, struct bs_json side, struct bs_error *error) {
  const struct bs_datum datum = {evidence->chain_id, bs_buffer_string(&evidence->name), bs_buffer_string(&evidence->id)};
  struct bs_statement statement = {.ver = evidence->ver};
  struct bs_buffer sig BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (!read_statement(&statement, side, error) || !read_text(side, "sig", &sig, error)) return false;
  if (strncmp(bs_buffer_string(&sig), "v2:", 3) != 0) evidence->is_legacy = true;
  if (evidence->is_legacy) return true;
  bs_statement_digest(z, &datum, &statement);
  return bs_sig_check(bs_buffer_string(&sig), evidence->signer, z, error);
}

static bool check_sides(unsigned char z[2][BS_SHA256_SIZE], struct evidence *evidence, struct bs_json root,
                        struct bs_error *error) {
  struct bs_json statements, side;
  struct bs_json_iterator iterator;

  if (!bs_json_find(root, "statements", &statements) || bs_json_type(statements) != BS_JSON_ARRAY)
    return malformed("statements", error);
  iterator = bs_json_begin(statements);
  for (size_t i = 0; i < 2; i++) {
    if (!bs_json_next_item(&iterator, &side)) return malformed("statements", error);
    if (!check_side(z[i], evidence, side, error)) return bs_context(error, "Statement %zu", i + 1);
  }
  if (bs_json_next_item(&iterator, &side)) return malformed("statements", error);
  return evidence->is_legacy || memcmp(z[0], z[1], sizeof z[0]) < 0 ||
         bs_fail(error, BS_WORD_malformed, "Its statements are one, or not in their order.");
}

/* Is the file called after the two? */
static bool check_file_name(const char *name, unsigned char z[2][BS_SHA256_SIZE], struct bs_error *error) {
  unsigned char digest[BS_SHA256_SIZE];
  char hash16[17];

  bs_sha256(digest, z, (size_t)2 * BS_SHA256_SIZE);
  bs_hex_encode(hash16, digest, 8);
  return memcmp(name + strlen("evidence-"), hash16, 16) == 0 ||
         bs_fail(error, BS_WORD_malformed, "It is the evidence that is called evidence-%s.json.", hash16);
}

static bool check_bytes(const char *name, const struct bs_buffer *bytes, struct bs_error *error) {
  static const struct bs_json_limits limits = {FILE_MAX, 32};
  struct evidence evidence BS_AUTO(free_evidence) = {.name = BS_BUFFER_INIT, .id = BS_BUFFER_INIT};
  unsigned char z[2][BS_SHA256_SIZE] = {{0}};
  struct bs_json root;

  return bs_json_scan(&root, bytes->bytes, bytes->length, &limits, error) && read_evidence(&evidence, root, error) &&
         check_sides(z, &evidence, root, error) && (evidence.is_legacy || check_file_name(name, z, error));
}

static void tell_unreadable(const char *path, const struct bs_error *error, struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(survey, "Whether this proves anything cannot be told: %s", error->message);
  bs_finding_mend(survey, "See to what the problem names, and run this again; the file itself may be sound.");
}

static void tell_worthless(const char *path, const struct bs_error *error, struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(survey, "This proves nothing: %s", error->message);
  bs_finding_mend(survey, "Remove it, or keep it elsewhere: the next read that finds both contents keeps the evidence anew.");
}

static bool check_file(const char *path, const char *name, struct bs_survey *survey, struct bs_error *error) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct stat status;
  bool was_read;

  if (lstat(path, &status) < 0 || !S_ISREG(status.st_mode)) return true; /* told of by its directory's examination */
  bs_examined_add(survey, WHAT, path);
  was_read = bs_file_read(&bytes, path, FILE_MAX, error);
  if (was_read && check_bytes(name, &bytes, error)) return true;
  if (error->word == BS_WORD_no_memory) return false;
  if (was_read || error->word == BS_WORD_too_large) tell_worthless(path, error, survey);
  else tell_unreadable(path, error, survey);
  *error = (struct bs_error){.word = BS_NO_WORD};
  return true;
}

static int is_evidence(const struct dirent *entry) {
  return bs_state_is_evidence(entry->d_name);
}

bool bs_check_evidence(const char *state_dir, struct bs_survey *survey, struct bs_error *error) {
  struct dirent **entries;
  int count = scandir(state_dir, &entries, is_evidence, bs_file_compare_names);
  bool good = true;

  if (count < 0) return errno != ENOMEM || bs_fail_memory(error);
  for (int i = 0; i < count; i++) {
    char *path BS_AUTO_FREE = NULL;

    if (good && asprintf(&path, "%s/%s", state_dir, entries[i]->d_name) < 0) good = bs_fail_memory(error);
    good = good && check_file(path, entries[i]->d_name, survey, error);
    free(entries[i]);
  }
  free(entries);
  return good;
}

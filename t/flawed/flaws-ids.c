/* SPDX-License-Identifier: MIT */
/* Stores for which two ids are one: each makes something else of an id before it goes on. */
#include <config.h>

#include <string.h>
#include <unistd.h>

#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "t/flawed/flaws.h"

#define ID_SIZE 4144

/* The entry points of the good driver for what `fold` makes of the id. */
#define FOLD(fold)                                                                                                     \
  static enum blockstore_status fold##_make_url(MAKE_URL_ARGUMENTS) {                                                  \
    char folded[ID_SIZE];                                                                                              \
                                                                                                                       \
    fold(folded, id);                                                                                                  \
    return good.make_mutable_url(self, call, ret_url, folded);                                                         \
  }                                                                                                                    \
  static enum blockstore_status fold##_put(PUT_ARGUMENTS) {                                                            \
    char folded[ID_SIZE];                                                                                              \
                                                                                                                       \
    fold(folded, id);                                                                                                  \
    return good.put_mutable_handler(self, call, folded, version, signature, record);                                   \
  }                                                                                                                    \
  static enum blockstore_status fold##_delete(DELETE_ARGUMENTS) {                                                      \
    char folded[ID_SIZE];                                                                                              \
                                                                                                                       \
    fold(folded, id);                                                                                                  \
    return good.delete_mutable_handler(self, call, folded, signature);                                                 \
  }

#define FOLDED(fold)                                                                                                   \
  { .make_mutable_url = fold##_make_url, .put_mutable_handler = fold##_put, .delete_mutable_handler = fold##_delete }

static void cut(char to[ID_SIZE], const char *id, size_t length) {
  snprintf(to, ID_SIZE, "%.*s", (int)length, id);
}

/* Replaces each `from` by `by`, which is no longer. */
static void replace(char to[ID_SIZE], const char *id, const char *from, const char *by) {
  size_t width = strlen(from), used = 0;

  while (*id != '\0') {
    if (strncmp(id, from, width) != 0) {
      to[used++] = *id++;
      continue;
    }
    memcpy(to + used, by, strlen(by));
    used += strlen(by);
    id += width;
  }
  to[used] = '\0';
}

static void squeeze_slashes(char to[ID_SIZE], const char *id) {
  size_t used = 0;

  for (; *id != '\0'; id++)
    if (*id != '/' || used == 0 || to[used - 1] != '/') to[used++] = *id;
  to[used] = '\0';
}
FOLD(squeeze_slashes)

static void drop_dots(char to[ID_SIZE], const char *id) {
  replace(to, id, "/./", "/");
}
FOLD(drop_dots)

static void drop_last_slash(char to[ID_SIZE], const char *id) {
  size_t length = strlen(id);

  cut(to, id, length > 1 && id[length - 1] == '/' && id[length - 2] == 'a' ? length - 1 : length);
}
FOLD(drop_last_slash)

static void trim(char to[ID_SIZE], const char *id) {
  size_t length = strlen(id);

  while (length > 1 && id[length - 1] == ' ') length--;
  cut(to, id, length);
}
FOLD(trim)

/* Undoes the escapes of a text that is not escaped. */
static void unescape(char to[ID_SIZE], const char *id) {
  replace(to, id, "%25", "%");
}
FOLD(unescape)

static void cut_query(char to[ID_SIZE], const char *id) {
  cut(to, id, strcspn(id, "?"));
}
FOLD(cut_query)

static void turn_backslashes(char to[ID_SIZE], const char *id) {
  replace(to, id, "\\", "/");
}
FOLD(turn_backslashes)

static void blot_controls(char to[ID_SIZE], const char *id) {
  size_t length = strlen(id);

  for (size_t i = 0; i < length; i++) to[i] = (unsigned char)id[i] < 0x20 || id[i] == 0x7f ? '_' : id[i];
  to[length] = '\0';
}
FOLD(blot_controls)

static void end_at_null(char to[ID_SIZE], const char *id) {
  const char *null = strstr(id, "%00");

  cut(to, id, null == NULL ? strlen(id) : (size_t)(null - id));
}
FOLD(end_at_null)

static void lower(char to[ID_SIZE], const char *id) {
  size_t length = strlen(id);

  for (size_t i = 0; i < length; i++) to[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] - 'A' + 'a') : id[i];
  to[length] = '\0';
}
FOLD(lower)

/* What Latin-1 does not have is a question mark; characters of 4 bytes stay. */
static void to_latin(char to[ID_SIZE], const char *id) {
  size_t used = 0;

  while (*id != '\0') {
    unsigned char first = (unsigned char)*id;
    size_t width = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (width == 3 || (width == 2 && first > 0xc3)) {
      to[used++] = '?';
    } else {
      memcpy(to + used, id, width);
      used += width;
    }
    id += width;
  }
  to[used] = '\0';
}
FOLD(to_latin)

static void compose(char to[ID_SIZE], const char *id) {
  replace(to, id, "e\xcc\x81", "\xc3\xa9");
}
FOLD(compose)

/* A database whose UTF-8 ends at 3 bytes. */
static void end_at_wide(char to[ID_SIZE], const char *id) {
  cut(to, id, strcspn(id, "\xf0\xf1\xf2\xf3\xf4"));
}
FOLD(end_at_wide)

/* The first two bytes are the directory, the others the file. */
static void want_two(char to[ID_SIZE], const char *id) {
  cut(to, id[1] == '\0' ? "_" : id, ID_SIZE - 1);
}
FOLD(want_two)

static void cut_front(char to[ID_SIZE], const char *id) {
  size_t length = strlen(id);

  cut(to, length > 200 ? id + length - 200 : id, ID_SIZE - 1);
}
FOLD(cut_front)

static void cut_end(char to[ID_SIZE], const char *id) {
  cut(to, id, 255);
}
FOLD(cut_end)

/* A long id is known by its digest, as if nobody could have that for an id. */
static void digest_long(char to[ID_SIZE], const char *id) {
  unsigned char digest[BS_SHA256_SIZE];

  cut(to, id, ID_SIZE - 1);
  if (strlen(id) <= 200) return;
  bs_sha256(digest, id, strlen(id));
  bs_hex_encode(to, digest, sizeof digest);
}
FOLD(digest_long)

/* ---- and others ---- */

/* Where there is a file there can be no directory. */
static enum blockstore_status want_directory(PUT_ARGUMENTS) {
  char path[GOOD_PATH], directory[ID_SIZE];

  for (const char *slash = strchr(id, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    cut(directory, id, (size_t)(slash - id));
    good_id_path(self, path, directory);
    if (slash > id && slash[1] != '\0' && access(path, F_OK) == 0)
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: Not a directory.", directory);
  }
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static enum blockstore_status refuse_long(PUT_ARGUMENTS) {
  if (strlen(id) > 4096) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The id is too long.");
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static const struct flaw flaws[] = {
    {"ids.slashes", FOLDED(squeeze_slashes)},
    {"ids.dots", FOLDED(drop_dots)},
    {"ids.edges", FOLDED(drop_last_slash)},
    {"ids.prefixes", {.put_mutable_handler = want_directory}},
    {"ids.spaces", FOLDED(trim)},
    {"ids.escapes", FOLDED(unescape)},
    {"ids.url-characters", FOLDED(cut_query)},
    {"ids.shell-characters", FOLDED(turn_backslashes)},
    {"ids.controls", FOLDED(blot_controls)},
    {"ids.null-escapes", FOLDED(end_at_null)},
    {"ids.case", FOLDED(lower)},
    {"ids.non-ascii", FOLDED(to_latin)},
    {"ids.normal-forms", FOLDED(compose)},
    {"ids.wide", FOLDED(end_at_wide)},
    {"ids.short", FOLDED(want_two)},
    {"ids.longest", {.put_mutable_handler = refuse_long}},
    {"ids.first-byte", FOLDED(cut_front)},
    {"ids.last-byte", FOLDED(cut_end)},
    {"ids.names", FOLDED(digest_long)},
};
const struct flaws flaws_ids = FLAWS(flaws);

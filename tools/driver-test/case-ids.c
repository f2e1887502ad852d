/* SPDX-License-Identifier: MIT */
/* Data ids of every kind that a user can think of: each has its record, apart from those that look much like it. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"

#define IDS_MOST 32
#define ID_LONGEST ((size_t)4143)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct ids {
  struct trial *trial;
  char *ids[IDS_MOST];
  struct datum data[IDS_MOST];
  size_t count;
};

static void ids_begin(struct ids *ids, struct trial *trial) {
  *ids = (struct ids){.trial = trial};
}

static void ids_add(struct ids *ids, const char *head, const char *tail) {
  if (ids->count == IDS_MOST || asprintf(&ids->ids[ids->count], "%s%s", head, tail) < 0)
    trial_fail(ids->trial, "There is not enough memory for the examination.");
  datum_make(&ids->data[ids->count], ids->trial, 20 + ids->count);
  ids->count++;
}

static void ids_end(struct ids *ids) {
  for (size_t i = 0; i < ids->count; i++) {
    free(ids->ids[i]);
    datum_free(&ids->data[i]);
  }
}

/* What makes an id without the core's form unique, also beside another behaviour. */
struct unique {
  char text[17];
};

static struct unique unique_make(const struct trial *trial) {
  struct unique unique;

  snprintf(unique.text, sizeof unique.text, "%016llx", (unsigned long long)own_number(trial));
  return unique;
}

/* Deletes every second, beginning with `first`.  False where the driver does not delete. */
static bool delete_some(struct ids *ids, struct store *store, size_t first) {
  for (size_t i = first; i < ids->count; i += 2) {
    if (!try_delete_mutable(store, ids->ids[i])) return false;
    must_lack_mutable(store, ids->ids[i]);
  }
  return true;
}

/* All are put, then all read; when half of them is deleted the others stay. */
static void keep_all(struct ids *ids, struct store *store) {
  for (size_t i = 0; i < ids->count; i++) must_put_mutable(store, ids->ids[i], 1, &ids->data[i]);
  for (size_t i = 0; i < ids->count; i++) must_hold_mutable(store, ids->ids[i], &ids->data[i]);
  if (!delete_some(ids, store, 0)) return;
  for (size_t i = 1; i < ids->count; i += 2) must_hold_mutable(store, ids->ids[i], &ids->data[i]);
  delete_some(ids, store, 1);
}

static void keep(struct ids *ids) {
  struct store store;

  must_open(&store, ids->trial, 1);
  skip_without_mutable(&store);
  keep_all(ids, &store);
  store_close(&store);
}

/* Each tail at the end of an id as the core makes them, and at the beginning of one that it does not. */
static void keep_tails(struct trial *trial, const char *const *tails, size_t count) {
  char *head BS_AUTO_FREE = id_make(trial, "");
  struct unique unique = unique_make(trial);
  struct ids ids;

  ids_begin(&ids, trial);
  for (size_t i = 0; i < count; i++) {
    ids_add(&ids, head, tails[i]);
    ids_add(&ids, tails[i], unique.text);
  }
  keep(&ids);
  ids_end(&ids);
}

/* ---- what a path would make of them ---- */

static void keep_slashes(struct trial *trial) {
  static const char *const tails[] = {"a/b", "a//b", "a///b", "/a/b", "//a/b"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_dots(struct trial *trial) {
  static const char *const tails[] = {"a/b",     "a/./b",              "./a/b", "a/../b", "b", "../b",
                                      "../../b", "../../../../../../b", "c/..",  "...",    "a/.../b"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_edges(struct trial *trial) {
  static const char *const tails[] = {"a", ".a", "-a", "--a", "~a", "/a", "a/", "a.", "a~", "-"};

  keep_tails(trial, tails, COUNT(tails));
}

/* Files and directories of one name. */
static void keep_prefixes(struct trial *trial) {
  static const char *const tails[] = {"", "/", "a", "a/b", "a/b/c", "ab", "a.b", "a:b", "a\tb"};
  char *head BS_AUTO_FREE = id_make(trial, "");
  struct unique unique = unique_make(trial);
  struct ids ids;

  ids_begin(&ids, trial);
  for (size_t i = 0; i < COUNT(tails); i++) {
    ids_add(&ids, head, tails[i]);
    ids_add(&ids, unique.text, tails[i]);
  }
  keep(&ids);
  ids_end(&ids);
}

/* ---- characters ---- */

static void keep_spaces(struct trial *trial) {
  static const char *const tails[] = {"a", " a", "a ", " a ", "a b", "a  b", " ", "  "};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_escapes(struct trial *trial) {
  static const char *const tails[] = {"a/b", "a%2Fb", "a%252Fb", "a%25b", "a%b", "%", "%%", "%zz", "%2", "a%20b", "a b"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_url_characters(struct trial *trial) {
  static const char *const tails[] = {"a",   "a?b", "a?b=c&d=e", "a#b", "a+b",   "a b",        "a:b",
                                      "a@b", "a;b", "a,b",       "a&b", "[a]=b", "http://a/b", "//a:80/b"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_shell_characters(struct trial *trial) {
  static const char *const tails[] = {"a\\b", "a/b", "a\"b", "a'b", "a`b", "$a",   "${a}", "$(a)",
                                      "a*b",  "a|b", "<a>",  "!a",  "a;b", "a&&b", "'"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_controls(struct trial *trial) {
  static const char *const tails[] = {"ab",       "a\nb",          "a\tb",         "a\rb", "a\r\nb", "a\001b",
                                      "a\033[1mb", "a\x7f" "b", "a\xc2\x85" "b", "\n",   "\t"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_null_escapes(struct trial *trial) {
  static const char *const tails[] = {"a", "a%00", "a%00b", "a\\0", "a\\x00b", "a\\u0000", "a&#0;"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_case(struct trial *trial) {
  static const char *const tails[] = {"a", "A", "ab", "aB", "Ab", "AB", "\xc3\xa9", "\xc3\x89", "%2f", "%2F"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_non_ascii(struct trial *trial) {
  static const char *const tails[] = {"\xc3\xa4",     "\xc3\xb6",     "\xc3\x9f",     "ss",          "\xd0\xb6",
                                      "\xe6\x97\xa5", "\xe6\x9c\xac", "\xe2\x80\x8d", "\xef\xbb\xbf", "\xef\xbf\xbd"};

  keep_tails(trial, tails, COUNT(tails));
}

/* One letter, composed and decomposed; and a sign that is that letter in both normal forms. */
static void keep_normal_forms(struct trial *trial) {
  static const char *const tails[] = {"\xc3\xa9", "e\xcc\x81", "\xc3\x85", "A\xcc\x8a", "\xe2\x84\xab"};

  keep_tails(trial, tails, COUNT(tails));
}

static void keep_wide(struct trial *trial) {
  static const char *const tails[] = {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", "a\xf0\x9f\x98\x80" "b", "a\xf0\x9f\x98\x80" "c",
                                      "\xf0\x9d\x94\xb8", "\xf4\x8f\xbf\xbd"};

  keep_tails(trial, tails, COUNT(tails));
}

/* ---- lengths ---- */

/* These are the same in each run. */
static void keep_short(struct trial *trial) {
  static const char *const all[] = {"a", "b", "0", "/", ".", "..", "-", "~", "%", " ", "\n", "\xc3\xa9"};
  struct ids ids;

  ids_begin(&ids, trial);
  for (size_t i = 0; i < COUNT(all); i++) ids_add(&ids, all[i], "");
  keep(&ids);
  ids_end(&ids);
}

/* An id of `length` bytes: the head, the filling as often as there is room for all of it, the end. */
static void add_long(struct ids *ids, const char *head, const char *filling, const char *end, size_t length) {
  size_t from = strlen(head), to = length - strlen(end), width = strlen(filling);
  char id[ID_LONGEST + 1];

  memcpy(id, head, from);
  for (; (to - from) % width > 0; from++) id[from] = 'x';
  for (size_t i = from; i < to; i++) id[i] = filling[(i - from) % width];
  memcpy(id + to, end, length - to);
  id[length] = '\0';
  ids_add(ids, id, "");
}

static void keep_longest(struct trial *trial) {
  static const char *const fillings[] = {"a", "/b", "%", "\xc3\xa9", "\xf0\x9f\x98\x80", " c", "\n"};
  static const size_t lengths[] = {200, 255, 256, 1024, 4096, ID_LONGEST - 1};
  struct unique unique = unique_make(trial);
  struct ids ids;

  ids_begin(&ids, trial);
  for (size_t i = 0; i < COUNT(fillings); i++) add_long(&ids, unique.text, fillings[i], "", ID_LONGEST);
  for (size_t i = 0; i < COUNT(lengths); i++) {
    char filling[] = {(char)('p' + (int)i), '\0'};

    add_long(&ids, unique.text, filling, "", lengths[i]);
  }
  keep(&ids);
  ids_end(&ids);
}

static const size_t pair_lengths[] = {129, 201, 256, 300, 1025, 4096};

/* Pairs that are the same but for the first or the last byte. */
static void keep_pairs(struct trial *trial, bool differs_first) {
  struct unique unique = unique_make(trial);
  struct ids ids;

  ids_begin(&ids, trial);
  for (size_t i = 0; i < COUNT(pair_lengths); i++) {
    char filling[] = {(char)('p' + (int)i), '\0'}, head[sizeof unique.text + 2];

    for (char letter = 'a'; letter <= 'b'; letter++) {
      snprintf(head, sizeof head, "%c%c%s", differs_first ? letter : 'h', filling[0], unique.text);
      add_long(&ids, head, filling, differs_first || letter == 'a' ? "a" : "b", pair_lengths[i]);
    }
  }
  keep(&ids);
  ids_end(&ids);
}

static void keep_first_byte(struct trial *trial) {
  keep_pairs(trial, true);
}

static void keep_last_byte(struct trial *trial) {
  keep_pairs(trial, false);
}

/* ---- names that a store may use itself ---- */

/* A long id, and what a store may call it where only short names go. */
static void add_names(struct ids *ids, const char *id, const char *url) {
  static const char *const starts[] = {"", "sha256=", "sha256:", "sha256-", "k-", "m-", ".tmp/", "mutable/", "immutable/"};
  static const char *const others[] = {".tmp/x", ".lock", "lost+found", "t-XXXXXX", "index.html", "x.tmp"};
  unsigned char digest[BS_SHA256_SIZE];
  char digits[2 * BS_SHA256_SIZE + 1];

  bs_sha256(digest, id, strlen(id));
  bs_hex_encode(digits, digest, sizeof digest);
  ids_add(ids, url, "");
  for (size_t i = 0; i < COUNT(starts); i++) ids_add(ids, starts[i], digits);
  digits[40] = '\0';
  ids_add(ids, digits, "");
  for (size_t i = 0; i < COUNT(others); i++) ids_add(ids, others[i], "");
}

static void keep_names(struct trial *trial) {
  struct unique unique = unique_make(trial);
  char *url BS_AUTO_FREE = NULL;
  struct store store;
  struct ids ids;

  must_open(&store, trial, 1);
  skip_without_mutable(&store);
  ids_begin(&ids, trial);
  add_long(&ids, unique.text, "long", "", 400);
  url = must_make_url(&store, ids.ids[0]);
  add_names(&ids, ids.ids[0], url);
  keep_all(&ids, &store);
  ids_end(&ids);
  store_close(&store);
}

static const struct behaviour behaviours[] = {
    {"ids.slashes", "ids may have slashes, also several in a row", NEEDS_WRITES, keep_slashes},
    {"ids.dots", "ids may have . and .. between slashes", NEEDS_WRITES, keep_dots},
    {"ids.edges", "ids may begin with a dot, dash or slash, and end with a slash or dot", NEEDS_WRITES, keep_edges},
    {"ids.prefixes", "an id may be the beginning of another", NEEDS_WRITES, keep_prefixes},
    {"ids.spaces", "ids may have spaces, also at both ends", NEEDS_WRITES, keep_spaces},
    {"ids.escapes", "ids may have percent signs: escapes in them are not undone", NEEDS_WRITES, keep_escapes},
    {"ids.url-characters", "ids may have characters that mean something in a URL", NEEDS_WRITES, keep_url_characters},
    {"ids.shell-characters", "ids may have characters that mean something to a shell", NEEDS_WRITES, keep_shell_characters},
    {"ids.controls", "ids may have control characters", NEEDS_WRITES, keep_controls},
    {"ids.null-escapes", "ids may have what looks like an escaped NUL", NEEDS_WRITES, keep_null_escapes},
    {"ids.case", "upper and lower case are not the same", NEEDS_WRITES, keep_case},
    {"ids.non-ascii", "ids may have letters of every alphabet", NEEDS_WRITES, keep_non_ascii},
    {"ids.normal-forms", "composed and decomposed letters are not the same", NEEDS_WRITES, keep_normal_forms},
    {"ids.wide", "ids may have characters of 4 bytes", NEEDS_WRITES, keep_wide},
    {"ids.short", "an id may have 1 byte, whatever it is", NEEDS_WRITES, keep_short},
    {"ids.longest", "an id may have up to 4143 bytes, whatever they are", NEEDS_WRITES, keep_longest},
    {"ids.first-byte", "long ids that differ in their first byte are not the same", NEEDS_WRITES, keep_first_byte},
    {"ids.last-byte", "long ids that differ in their last byte are not the same", NEEDS_WRITES, keep_last_byte},
    {"ids.names", "ids may look like names that a store uses itself", NEEDS_WRITES, keep_names},
};
const struct group group_ids = GROUP(behaviours);

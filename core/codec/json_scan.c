/* SPDX-License-Identifier: MIT */
/*
 * The one pass that decides whether bytes are a JSON document of ours.  It is a state machine with its own stack of
 * open containers, so that no document can exhaust the thread's.
 *
 * Duplicate keys: the keys of the open objects lie on one stack.  When an object closes its keys are done: in strictly
 * ascending order, as we write them, there is nothing to look for; else they are sorted by hash, then by text, which
 * stays n log n for keys that were made to collide.
 */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/codec/json_text.h"

struct key {
  const unsigned char *text; /* unescaped: in the document, or in scan->unescaped */
  uint32_t length;
  uint32_t hash; /* set when the keys must be sorted */
};

struct container {
  const unsigned char *start;
  bool object;
  bool ascending;       /* the keys so far */
  size_t first_key;     /* in scan->keys */
  size_t unescaped_end; /* of scan->unescaped, when it was opened */
};

struct scan {
  const unsigned char *start;
  const unsigned char *at;
  const unsigned char *end;
  size_t depth_limit;
  struct bs_error *error;
  struct bs_buffer keys;    /* struct key, of the open objects, outermost first */
  unsigned char *unescaped; /* the texts of keys with escapes; as long as the document, hence never moved */
  size_t unescaped_end;
  size_t depth;
  struct container open[BS_JSON_DEPTH_MAX];
};

enum state { VALUE, FIRST_ITEM, KEY, FIRST_KEY, NEXT, DONE, BAD };

static bool bad_at(struct scan *scan, const unsigned char *at, const char *what) {
  size_t offset = (size_t)(at - scan->start);
  return bs_fail(scan->error, BS_WORD_malformed, "The JSON is wrong at byte %zu: %s.", offset, what);
}

static bool bad(struct scan *scan, const char *what) {
  return bad_at(scan, scan->at, what);
}

/* The byte here, -1 at the end. */
static int peek(const struct scan *scan) {
  return scan->at < scan->end ? *scan->at : -1;
}

static bool expected(struct scan *scan, const char *what) {
  return bs_fail(scan->error, BS_WORD_malformed, "The JSON is wrong at byte %zu: %s was expected%s.",
                 (size_t)(scan->at - scan->start), what, peek(scan) < 0 ? ", but it ends" : "");
}

static bool is_space(unsigned char byte) {
  return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static void skip_space(struct scan *scan) {
  while (scan->at < scan->end && is_space(*scan->at)) scan->at++;
}

static bool hex4(struct scan *scan, uint32_t *ret_value) {
  unsigned char bytes[2];
  bool good = scan->end - scan->at >= 4 && bs_hex_decode_any_case(bytes, 2, (const char *)scan->at);
  if (!good) return bad(scan, "four hexadecimal digits were expected");
  scan->at += 4;
  *ret_value = (uint32_t)(bytes[0] << 8 | bytes[1]);
  return true;
}

/* Behind "\u".  A high surrogate takes its low one along. */
static bool scan_unicode_escape(struct scan *scan) {
  const unsigned char *escape = scan->at - 2;
  uint32_t unit, low = 0;
  if (!hex4(scan, &unit)) return false;
  if (unit == 0) return bad_at(scan, escape, "U+0000 is not allowed");
  if (unit < 0xd800 || unit > 0xdfff) return true;
  bool pair = unit < 0xdc00 && scan->end - scan->at >= 2 && scan->at[0] == '\\' && scan->at[1] == 'u';
  if (!pair) return bad_at(scan, escape, "a surrogate without its other half");
  scan->at += 2;
  if (!hex4(scan, &low)) return false;
  return (low >= 0xdc00 && low <= 0xdfff) || bad_at(scan, escape, "a surrogate without its other half");
}

static bool scan_escape(struct scan *scan) {
  scan->at++;
  switch (peek(scan)) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
      scan->at++;
      return true;
    case 'u':
      scan->at++;
      return scan_unicode_escape(scan);
    default:
      return expected(scan, "one of \"\\/bfnrtu");
  }
}

static bool scan_utf8(struct scan *scan) {
  size_t size = bs_utf8_size(scan->at, scan->end);
  scan->at += size;
  return size > 0 || bad(scan, "this is not UTF-8");
}

static bool scan_string(struct scan *scan, bool *ret_escaped) {
  bool escaped = false;
  scan->at++;
  for (;;) {
    scan->at = bs_json_plain_end(scan->at, scan->end);
    int byte = peek(scan);
    if (byte == '"') break;
    if (byte < 0) return expected(scan, "'\"'");
    if (byte < 0x20) return bad(scan, "a control character in a string must be escaped");
    if (byte == '\\') escaped = true;
    if (!(byte == '\\' ? scan_escape(scan) : scan_utf8(scan))) return false;
  }
  scan->at++;
  *ret_escaped = escaped;
  return true;
}

static bool scan_literal(struct scan *scan, const char *literal) {
  size_t length = strlen(literal);
  size_t left = (size_t)(scan->end - scan->at);
  if (left < length || memcmp(scan->at, literal, length) != 0) return expected(scan, "a value");
  scan->at += length;
  return true;
}

static bool scan_digits(struct scan *scan) {
  const unsigned char *first = scan->at;
  while (peek(scan) >= '0' && peek(scan) <= '9') scan->at++;
  return scan->at > first || expected(scan, "a digit");
}

static bool scan_number(struct scan *scan) {
  if (peek(scan) == '-') scan->at++;
  const unsigned char *first = scan->at;
  if (!scan_digits(scan)) return false;
  if (*first == '0' && scan->at - first > 1) return bad_at(scan, first, "a number must not begin with a zero");
  if (peek(scan) == '.') {
    scan->at++;
    if (!scan_digits(scan)) return false;
  }
  if (peek(scan) != 'e' && peek(scan) != 'E') return true;
  scan->at++;
  if (peek(scan) == '+' || peek(scan) == '-') scan->at++;
  return scan_digits(scan);
}

static enum state open_container(struct scan *scan, bool object) {
  if (scan->depth == scan->depth_limit) {
    bad(scan, "it is nested too deeply");
    return BAD;
  }
  scan->open[scan->depth++] = (struct container){
    .start = scan->at,
    .object = object,
    .ascending = true,
    .first_key = scan->keys.length,
    .unescaped_end = scan->unescaped_end,
  };
  scan->at++;
  return object ? FIRST_KEY : FIRST_ITEM;
}

/* For the order of sorting only: equal keys have equal hashes. */
static uint32_t hash_key(const unsigned char *text, size_t length) {
  uint64_t hash = length, word = 0;
  for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
    memcpy(&word, text, sizeof word);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
  }
  word = 0;
  memcpy(&word, text, length);
  return (uint32_t)((hash ^ word) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static int compare_texts(const struct key *a, const struct key *b) {
  int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
  if (order != 0) return order;
  return (a->length > b->length) - (a->length < b->length);
}

static int compare_keys(const void *left, const void *right) {
  const struct key *a = left, *b = right;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  return compare_texts(a, b);
}

static bool bad_duplicate(struct scan *scan, const struct container *object, const struct key *key) {
  size_t shown = key->length < 64 ? key->length : 64;
  while (shown > 0 && shown < key->length && (key->text[shown] & 0xc0) == 0x80) shown--;
  return bs_fail(scan->error, BS_WORD_malformed, "The JSON is wrong: the object at byte %zu has two members \"%.*s\".",
                 (size_t)(object->start - scan->start), (int)shown, (const char *)key->text);
}

static bool check_duplicates(struct scan *scan, const struct container *object) {
  if (object->ascending) return true;
  struct key *keys = (void *)(scan->keys.bytes + object->first_key);
  size_t count = (scan->keys.length - object->first_key) / sizeof *keys;
  for (size_t i = 0; i < count; i++) keys[i].hash = hash_key(keys[i].text, keys[i].length);
  qsort(keys, count, sizeof *keys, compare_keys);
  for (size_t i = 1; i < count; i++) {
    if (compare_keys(&keys[i - 1], &keys[i]) == 0) return bad_duplicate(scan, object, &keys[i]);
  }
  return true;
}

static enum state close_container(struct scan *scan) {
  struct container *container = &scan->open[scan->depth - 1];
  if (container->object && !check_duplicates(scan, container)) return BAD;
  scan->at++;
  scan->depth--;
  scan->keys.length = container->first_key;
  scan->unescaped_end = container->unescaped_end;
  return NEXT;
}

/* `key`: the raw text without quotes. */
static bool unescape_key(struct scan *scan, struct key *key) {
  if (scan->unescaped == NULL) scan->unescaped = malloc((size_t)(scan->end - scan->start));
  if (scan->unescaped == NULL) return bs_fail_memory(scan->error);
  unsigned char *text = scan->unescaped + scan->unescaped_end;
  key->length = (uint32_t)bs_json_unescape(text, (const char *)key->text, key->length);
  key->text = text;
  scan->unescaped_end += key->length;
  return true;
}

static bool remember_key(struct scan *scan, struct key key) {
  struct container *object = &scan->open[scan->depth - 1];
  if (scan->keys.length > object->first_key) {
    const struct key *last = (void *)(scan->keys.bytes + scan->keys.length - sizeof key);
    object->ascending = object->ascending && compare_texts(last, &key) < 0;
  }
  bs_buffer_add(&scan->keys, &key, sizeof key);
  return bs_buffer_ok(&scan->keys, scan->error);
}

static bool scan_key(struct scan *scan) {
  struct key key = {.text = scan->at + 1};
  bool escaped = false;
  if (peek(scan) != '"') return expected(scan, "a key");
  if (!scan_string(scan, &escaped)) return false;
  key.length = (uint32_t)(scan->at - 1 - key.text);
  if (escaped && !unescape_key(scan, &key)) return false;
  if (!remember_key(scan, key)) return false;
  skip_space(scan);
  if (peek(scan) != ':') return expected(scan, "':'");
  scan->at++;
  return true;
}

static bool scan_scalar(struct scan *scan) {
  bool escaped;
  switch (peek(scan)) {
    case '"': return scan_string(scan, &escaped);
    case 't': return scan_literal(scan, "true");
    case 'f': return scan_literal(scan, "false");
    case 'n': return scan_literal(scan, "null");
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
      return scan_number(scan);
    default: return expected(scan, "a value");
  }
}

static enum state step_value(struct scan *scan) {
  if (peek(scan) == '{' || peek(scan) == '[') return open_container(scan, peek(scan) == '{');
  return scan_scalar(scan) ? NEXT : BAD;
}

static enum state step_key(struct scan *scan) {
  return scan_key(scan) ? VALUE : BAD;
}

/* Behind a value. */
static enum state step_next(struct scan *scan) {
  if (scan->depth == 0) {
    if (scan->at == scan->end) return DONE;
    bad(scan, "something follows the value");
    return BAD;
  }
  bool object = scan->open[scan->depth - 1].object;
  if (peek(scan) == (object ? '}' : ']')) return close_container(scan);
  if (peek(scan) != ',') {
    expected(scan, object ? "',' or '}'" : "',' or ']'");
    return BAD;
  }
  scan->at++;
  return object ? KEY : VALUE;
}

static enum state step(struct scan *scan, enum state state) {
  skip_space(scan);
  switch (state) {
    case FIRST_ITEM: return peek(scan) == ']' ? close_container(scan) : step_value(scan);
    case FIRST_KEY: return peek(scan) == '}' ? close_container(scan) : step_key(scan);
    case VALUE: return step_value(scan);
    case KEY: return step_key(scan);
    case NEXT: return step_next(scan);
    case DONE: case BAD: break;
  }
  return state;
}

static void free_scan(struct scan *scan) {
  bs_buffer_free(&scan->keys);
  free(scan->unescaped);
}

bool bs_json_scan(struct bs_json *ret_root, const void *bytes, size_t length, const struct bs_json_limits *limits,
                  struct bs_error *error) {
  size_t limit = limits->size < UINT32_MAX ? limits->size : UINT32_MAX;
  const unsigned char *start = length > 0 ? bytes : (const void *)"";
  struct scan scan BS_AUTO(free_scan) = {
    .start = start,
    .at = start,
    .end = start + length,
    .depth_limit = limits->depth < BS_JSON_DEPTH_MAX ? limits->depth : BS_JSON_DEPTH_MAX,
    .error = error,
  };
  if (length > limit) {
    return bs_fail_as(error, BLOCKSTORE_FORGED, BS_WORD_too_large, "The JSON has %zu bytes, more than %zu.", length,
                      limit);
  }
  if (length >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0) return bad(&scan, "a byte order mark is not allowed");
  skip_space(&scan);
  const unsigned char *first = scan.at, *last = scan.end;
  enum state state = VALUE;
  while (state != DONE && state != BAD) state = step(&scan, state);
  if (state == BAD) return false;
  while (is_space(last[-1])) last--;
  *ret_root = (struct bs_json){(const char *)first, (size_t)(last - first)};
  return true;
}

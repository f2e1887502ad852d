/* SPDX-License-Identifier: MIT */
/*
 * Records, wrong in a chosen way, for shell tests; to standard output, without a newline.
 *
 * forge --list
 *     Every fault: its name, the word of who parses and verifies the record, and the word of a get; - for none.
 * forge -k KEYFILE -c CHAIN [-e EXPIRES] [-f BYTE.BIT] FAULT NAME ID VER DATA
 *     A mutable record of a datum of which a reader has seen VER with DATA; see t/lib/forge.h.  Fault `deleted` writes the
 *     tombstone of the next version.  -f flips a bit of the record.
 * forge -k KEYFILE [-o OWNER] [-2] [-i KEY]... user NAME [ID [-u URL]... [-m VER_MIN] [-d VER]]
 *     A user record of NAME by OWNER (else the key's address), of version 2 with -2, with a route whose key is that of KEYFILE.
 */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/record/user.h"
#include "t/lib/forge.h"

struct request {
  struct bs_key *key;
  unsigned char chain[32];
  uint64_t expires, ver_min, deleted;
  const char *flip, *owner, *immutable[16], *urls[BS_URLS_MAX];
  size_t immutable_count, url_count;
  bool has_chain, is_v2, lists;
};

static bool usage(struct bs_error *error, const char *what) {
  return bs_fail(error, BS_WORD_usage, "%s is not understood; t/forge.c says what is.", what);
}

static bool take_number(uint64_t *ret_number, const char *text, struct bs_error *error) {
  char *end;

  errno = 0;
  *ret_number = strtoull(text, &end, 10);
  return (errno == 0 && end != text && *end == '\0') || usage(error, text);
}

static bool add(const char **texts, size_t *count, size_t most, const char *text, struct bs_error *error) {
  if (*count == most) return usage(error, text);
  texts[(*count)++] = text;
  return true;
}

static bool take_option(struct request *request, int option, struct bs_error *error) {
  switch (option) {
    case 'l': request->lists = true; return true;
    case '2': request->is_v2 = true; return true;
    case 'f': request->flip = optarg; return true;
    case 'o': request->owner = optarg; return true;
    case 'e': return take_number(&request->expires, optarg, error);
    case 'm': return take_number(&request->ver_min, optarg, error);
    case 'd': return take_number(&request->deleted, optarg, error);
    case 'i': return add(request->immutable, &request->immutable_count, 16, optarg, error);
    case 'u': return add(request->urls, &request->url_count, BS_URLS_MAX, optarg, error);
    case 'k': bs_key_free(request->key); request->key = NULL; return bs_key_from_file(&request->key, optarg, error);
    case 'c':
      request->has_chain = strlen(optarg) == 64 && bs_hex_decode(request->chain, 32, optarg);
      return request->has_chain || usage(error, optarg);
    default: return usage(error, "An option");
  }
}

static void list(struct bs_buffer *out) {
  const struct forge_fault *fault;

  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++)
    bs_buffer_format(out, "%s %s %s\n", fault->name, fault->word == BS_NO_WORD ? "-" : bs_word_text(fault->word),
                     fault->get_word == BS_NO_WORD ? "-" : bs_word_text(fault->get_word));
}

static bool flip(struct bs_buffer *record, const char *where, struct bs_error *error) {
  size_t byte;
  unsigned bit;
  char more;

  if (where == NULL) return true;
  if (sscanf(where, "%zu.%u%c", &byte, &bit, &more) != 2 || byte >= record->length || bit > 7) return usage(error, where);
  record->bytes[byte] ^= (unsigned char)(1u << bit);
  return true;
}

static bool write_mutable(struct bs_buffer *out, const struct request *request, char **words, struct bs_error *error) {
  const struct forge_fault *fault = forge_fault_find(words[0]);
  struct forge of = {.datum = {request->chain, words[1], words[2]}, .key = request->key, .expires = request->expires,
                     .data = words[4], .length = strlen(words[4])};

  if (fault == NULL || !request->has_chain) return usage(error, fault == NULL ? words[0] : "A record without -c");
  return take_number(&of.ver, words[3], error) && forge(out, fault, &of, error) && flip(out, request->flip, error);
}

/* *record becomes what it says with the change. */
static bool change(struct bs_buffer *record, const struct request *request, const char *name,
                   const struct bs_user_change *change, struct bs_error *error) {
  struct bs_buffer old BS_AUTO_BUFFER = *record;
  struct bs_user user;
  bool changed;

  *record = (struct bs_buffer)BS_BUFFER_INIT;
  return (old.length == 0 || bs_user_parse(&user, old.bytes, old.length, name, error)) &&
         bs_user_write(record, &changed, old.length == 0 ? NULL : &user, name, request->owner, change, error);
}

static bool add_route(struct bs_buffer *record, const struct request *request, const char *name, const char *id,
                      struct bs_error *error) {
  struct bs_user_change set = {.route = {.action = BS_ROUTE_SET, .id = id, .urls = request->urls,
                                         .url_count = request->url_count, .key = bs_key_public(request->key),
                                         .ver = request->ver_min}};
  struct bs_user_change delete = {.route = {.action = BS_ROUTE_DELETE, .id = id, .ver = request->deleted}};

  if (id == NULL) return true;
  return change(record, request, name, request->deleted > 0 ? &delete : &set, error);
}

/* What a version 2 record calls owner means nothing. */
static void make_v2(struct bs_buffer *record) {
  record->bytes[record->length - 3] = '2';
}

static bool write_user(struct bs_buffer *out, struct request *request, const char *name, const char *id, struct bs_error *error) {
  char address[BS_ADDRESS_TEXT];

  bs_key_address(address, request->key, BS_NETWORK_MAIN);
  if (request->owner == NULL) request->owner = address;
  if (!change(out, request, name, NULL, error)) return false;
  for (size_t i = 0; i < request->immutable_count; i++)
    if (!change(out, request, name, &(struct bs_user_change){.add_immutable = request->immutable[i]}, error)) return false;
  if (!add_route(out, request, name, id, error)) return false;
  if (request->is_v2) make_v2(out);
  return true;
}

static bool run(struct bs_buffer *out, struct request *request, int count, char **arguments, struct bs_error *error) {
  static const struct option options[] = {{"list", no_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
  int option, words;

  while ((option = getopt_long(count, arguments, "k:c:e:f:o:2i:u:m:d:", options, NULL)) != -1)
    if (!take_option(request, option, error)) return false;
  words = count - optind;
  arguments += optind;
  if (request->lists) return list(out), true;
  if (words == 0 || request->key == NULL) return usage(error, "Nothing to do, or no key,");
  if (strcmp(arguments[0], "user") == 0 && (words == 2 || words == 3))
    return write_user(out, request, arguments[1], words == 3 ? arguments[2] : NULL, error);
  return words == 5 ? write_mutable(out, request, arguments, error) : usage(error, arguments[0]);
}

int main(int count, char **arguments) {
  struct bs_buffer out BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct request request = {.key = NULL};
  struct bs_error error = {0};
  bool done = run(&out, &request, count, arguments, &error) && bs_buffer_ok(&out, &error);

  bs_key_free(request.key);
  if (!done) return fprintf(stderr, "forge: %s\n", error.message), 1;
  if (out.length > 0) fwrite(out.bytes, 1, out.length, stdout);
  return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

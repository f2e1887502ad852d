/* SPDX-License-Identifier: MIT */
/* One route, in canonical form: as it is, and as a change leaves it. */
#include <config.h>

#include "core/record/route-write.h"

#include <inttypes.h>
#include <string.h>

#include "core/codec/hex.h"
#include "core/record/statement.h"

static void write_urls(struct bs_splice *splice, struct bs_json urls) {
  struct bs_json_iterator iterator = bs_json_begin(urls);
  struct bs_json url;

  bs_buffer_byte(splice->out, '[');
  for (bool first = true; bs_json_next_item(&iterator, &url); first = false) {
    bs_splice_separate(splice, first);
    bs_splice_string(splice, url);
  }
  bs_buffer_byte(splice->out, ']');
}

/* Some of 2015 wrote the two coordinates without the 04 that says so. */
static void write_public_key(struct bs_splice *splice, struct bs_json digits) {
  bs_buffer_text(splice->out, digits.length == 2 + 128 ? "\"04" : "\"");
  bs_buffer_add(splice->out, digits.text + 1, digits.length - 1);
}

void bs_route_write(struct bs_splice *splice, struct bs_json route) {
  struct bs_entries *members = &splice->members;

  bs_entries_clear(members);
  bs_splice_collect(members, route, NULL, 0);
  bs_entries_sort(members);
  bs_buffer_byte(splice->out, '{');
  for (size_t i = 0; i < bs_entries_count(members); i++) {
    const struct bs_entry *member = bs_entries_at(members, i);

    bs_splice_key(splice, member, i == 0);
    if (bs_splice_is(member, "id"))
      bs_splice_string(splice, member->value);
    else if (bs_splice_is(member, "urls"))
      write_urls(splice, member->value);
    else if (bs_splice_is(member, "pubkey"))
      write_public_key(splice, member->value);
    else
      bs_splice_copy(splice, member->value);
  }
  bs_buffer_byte(splice->out, '}');
}

static bool check_url(const char *url, struct bs_error *error) {
  size_t length = strnlen(url, BS_URL_MAX + 1);

  if (length > 0 && length <= BS_URL_MAX && bs_utf8_valid(url, length)) return true;
  return bs_fail(error, BS_WORD_usage, "The URL of a route is 1 to %d bytes of UTF-8.", BS_URL_MAX);
}

static bool check_set(const struct bs_route_change *change, struct bs_error *error) {
  if (change->key == NULL) return bs_fail(error, BS_WORD_usage, "The route has no public key of whom signs.");
  if (change->ver > BS_VER_MAX)
    return bs_fail(error, BS_WORD_usage, "The ver_min %" PRIu64 " is above 2^53-1.", change->ver);
  if (change->url_count > BS_URLS_MAX)
    return bs_fail(error, BS_WORD_usage, "The route has %zu URLs; %d are allowed.", change->url_count, BS_URLS_MAX);
  for (size_t i = 0; i < change->url_count; i++)
    if (!check_url(change->urls[i], error)) return false;
  return true;
}

bool bs_route_change_check(const struct bs_route_change *change, struct bs_error *error) {
  if (change->action == BS_ROUTE_KEEP) return true;
  if (!bs_id_check(change->id, error)) return false;
  if (change->action == BS_ROUTE_SET) return check_set(change, error);
  if (change->action == BS_ROUTE_DELETE && (change->ver == 0 || change->ver > BS_VER_MAX))
    return bs_fail(error, BS_WORD_usage, "The version %" PRIu64 " of a tombstone is not from 1 to 2^53-1.",
                   change->ver);
  return true;
}

static void write_new_urls(struct bs_splice *splice, const struct bs_route_change *change) {
  bs_buffer_byte(splice->out, '[');
  for (size_t i = 0; change->action == BS_ROUTE_SET && i < change->url_count; i++) {
    bs_splice_separate(splice, i == 0);
    bs_splice_text(splice, change->urls[i]);
  }
  bs_buffer_byte(splice->out, ']');
}

static void write_new_key(struct bs_splice *splice, const struct bs_public_key *key) {
  char digits[2 * BS_PUBLIC_KEY_MAX + 1];

  bs_hex_encode(digits, key->bytes, key->length);
  bs_splice_text(splice, digits);
}

/* The members that a route with this change has; ver: that of ver_min, 1 needing none, or of deleted. */
static void collect_changed(struct bs_entries *members, const struct bs_route *old,
                            const struct bs_route_change *change, uint64_t ver) {
  static const char *const ours[] = {"deleted", "id", "pubkey", "urls", "ver_min"};

  bs_entries_clear(members);
  bs_splice_make(members, "id");
  bs_splice_make(members, "urls");
  if (change->action == BS_ROUTE_DELETE) bs_splice_make(members, "deleted");
  if (change->action == BS_ROUTE_SET) bs_splice_make(members, "pubkey");
  if (change->action == BS_ROUTE_SET && ver > 1) bs_splice_make(members, "ver_min");
  if (old != NULL) bs_splice_collect(members, old->whole, ours, sizeof ours / sizeof ours[0]);
  bs_entries_sort(members);
}

static void write_changed_member(struct bs_splice *splice, const struct bs_entry *member,
                                 const struct bs_route_change *change, uint64_t ver) {
  if (member->value.length > 0)
    bs_splice_copy(splice, member->value);
  else if (bs_splice_is(member, "id"))
    bs_splice_text(splice, change->id);
  else if (bs_splice_is(member, "urls"))
    write_new_urls(splice, change);
  else if (bs_splice_is(member, "pubkey"))
    write_new_key(splice, change->key);
  else
    bs_buffer_format(splice->out, "%" PRIu64, ver);
}

bool bs_route_write_changed(struct bs_splice *splice, const struct bs_route *old, const struct bs_route_change *change,
                            struct bs_error *error) {
  uint64_t lowest = old == NULL ? 1 : bs_route_lowest(old), ver = change->ver;

  /* A delta may meet a newer record: what that promised to its readers holds. */
  if (change->action == BS_ROUTE_DELETE) lowest--;
  if (ver < lowest) ver = lowest;
  if (ver > BS_VER_MAX)
    return bs_fail(error, BS_WORD_usage, "The datum was deleted at the highest version: its id can't be used again.");
  collect_changed(&splice->members, old, change, ver);
  bs_buffer_byte(splice->out, '{');
  for (size_t i = 0; i < bs_entries_count(&splice->members); i++) {
    bs_splice_key(splice, bs_entries_at(&splice->members, i), i == 0);
    write_changed_member(splice, bs_entries_at(&splice->members, i), change, ver);
  }
  bs_buffer_byte(splice->out, '}');
  return true;
}

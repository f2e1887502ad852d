/* SPDX-License-Identifier: MIT */
/*
 * Writing user records.  The levels that are ours (the top, `name`, each route) are written in one canonical form; what
 * stands in members that are not ours is copied byte for byte, because its bytes may mean something to its owner.
 */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/crypto/key.h"
#include "core/record/entries.h"
#include "core/record/user.h"

struct writer {
  struct bs_buffer *record;  /* the caller's */
  struct bs_buffer scratch;  /* one unescaped string */
  struct bs_entries top;     /* the members of the record */
  struct bs_entries keys;    /* of immutable data; a version 2 record's may come twice */
  struct bs_entries routes;  /* by id */
  struct bs_entries members; /* of `name` and of one route at a time */
  const char *name, *owner;
};

/* Stands for a change that is NULL. */
static const struct bs_user_change import = {NULL, NULL};

/* Marks a member whose value is made here, not copied. */
static const struct bs_json made_here = {NULL, 0};

static void destroy_writer(struct writer *writer) {
  bs_buffer_free(&writer->scratch);
  bs_entries_free(&writer->top);
  bs_entries_free(&writer->keys);
  bs_entries_free(&writer->routes);
  bs_entries_free(&writer->members);
}

static void write_text(struct writer *writer, const char *text) {
  bs_json_write_string(writer->record, text, strlen(text));
}

/* A string without escapes has none too many. */
static void write_string(struct writer *writer, struct bs_json string) {
  if (memchr(string.text, '\\', string.length) == NULL) {
    bs_buffer_add(writer->record, string.text, string.length);
    return;
  }
  bs_buffer_clear(&writer->scratch);
  bs_json_string(string, &writer->scratch);
  if (writer->scratch.failed) writer->record->failed = true;
  bs_json_write_string(writer->record, (const char *)writer->scratch.bytes, writer->scratch.length);
}

static void write_separator(struct writer *writer, bool first) {
  if (!first) bs_buffer_add(writer->record, ", ", 2);
}

static void write_key(struct writer *writer, const struct bs_entry *entry, bool first) {
  write_separator(writer, first);
  bs_json_write_string(writer->record, entry->text, entry->length);
  bs_buffer_add(writer->record, ": ", 2);
}

static bool is_named(const struct bs_entry *entry, const char *name) {
  return strlen(name) == entry->length && memcmp(name, entry->text, entry->length) == 0;
}

static bool is_one_of(struct bs_json key, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (bs_json_string_is(key, names[i], strlen(names[i]))) return true;
  return false;
}

/* Adds the object's members but those named. */
static void collect_members(struct bs_entries *members, struct bs_json object, const char *const *names, size_t count) {
  struct bs_json_iterator iterator = bs_json_begin(object);
  struct bs_json key, value;

  while (bs_json_next_member(&iterator, &key, &value))
    if (!is_one_of(key, names, count)) bs_entries_add(members, key, value, object.length);
}

static void add_ours(struct bs_entries *members, const char *key) {
  bs_entries_add_text(members, key, strlen(key), made_here);
}

static void write_copied(struct writer *writer, struct bs_json value) {
  bs_buffer_add(writer->record, value.text, value.length);
}

/* The `name` object: formatted, and what else the old one had. */
static void write_name(struct writer *writer, struct bs_json old) {
  static const char *const ours[] = {"formatted"};
  struct bs_entries *members = &writer->members;

  bs_entries_clear(members);
  add_ours(members, ours[0]);
  if (old.length > 0) collect_members(members, old, ours, 1);
  bs_entries_sort(members);
  bs_buffer_byte(writer->record, '{');
  for (size_t i = 0; i < bs_entries_count(members); i++) {
    const struct bs_entry *member = bs_entries_at(members, i);

    write_key(writer, member, i == 0);
    if (member->value.length == 0)
      write_text(writer, writer->name);
    else
      write_copied(writer, member->value);
  }
  bs_buffer_byte(writer->record, '}');
}

static void write_urls(struct writer *writer, struct bs_json urls) {
  struct bs_json_iterator iterator = bs_json_begin(urls);
  struct bs_json url;

  bs_buffer_byte(writer->record, '[');
  for (bool first = true; bs_json_next_item(&iterator, &url); first = false) {
    write_separator(writer, first);
    write_string(writer, url);
  }
  bs_buffer_byte(writer->record, ']');
}

/* Some of 2015 wrote the two coordinates without the 04 that says so. */
static void write_public_key(struct writer *writer, struct bs_json digits) {
  bs_buffer_text(writer->record, digits.length == 2 + 128 ? "\"04" : "\"");
  bs_buffer_add(writer->record, digits.text + 1, digits.length - 1);
}

static void write_route(struct writer *writer, struct bs_json route) {
  struct bs_entries *members = &writer->members;

  bs_entries_clear(members);
  collect_members(members, route, NULL, 0);
  bs_entries_sort(members);
  bs_buffer_byte(writer->record, '{');
  for (size_t i = 0; i < bs_entries_count(members); i++) {
    const struct bs_entry *member = bs_entries_at(members, i);

    write_key(writer, member, i == 0);
    if (is_named(member, "id"))
      write_string(writer, member->value);
    else if (is_named(member, "urls"))
      write_urls(writer, member->value);
    else if (is_named(member, "pubkey"))
      write_public_key(writer, member->value);
    else
      write_copied(writer, member->value);
  }
  bs_buffer_byte(writer->record, '}');
}

static bool write_routes(struct writer *writer, const struct bs_entries *routes, struct bs_error *error) {
  bs_buffer_byte(writer->record, '[');
  for (size_t i = 0; i < bs_entries_count(routes); i++) {
    write_separator(writer, i == 0);
    write_route(writer, bs_entries_at(routes, i)->value);
    if (!bs_entries_ok(&writer->members, error)) return false;
  }
  bs_buffer_byte(writer->record, ']');
  return true;
}

static void write_keys(struct writer *writer, const struct bs_entries *keys) {
  bs_buffer_byte(writer->record, '[');
  for (size_t i = 0; i < bs_entries_count(keys); i++) {
    const struct bs_entry *key = bs_entries_at(keys, i);

    if (i > 0 && bs_entry_compare(key, bs_entries_at(keys, i - 1)) == 0) continue;
    write_separator(writer, i == 0);
    bs_buffer_byte(writer->record, '"');
    bs_buffer_add(writer->record, key->text, key->length);
    bs_buffer_byte(writer->record, '"');
  }
  bs_buffer_byte(writer->record, ']');
}

static bool is_same(const struct bs_entry *entry, const char *text) {
  return text != NULL && is_named(entry, text);
}

/* The user's keys with the change; the added one goes where it belongs, so that sorted keys stay sorted. */
static void collect_keys(struct bs_entries *keys, const struct bs_user *user, const struct bs_user_change *change) {
  struct bs_entry added = {change->add_immutable, 0, made_here};
  bool pending = change->add_immutable != NULL;
  struct bs_json_iterator iterator;
  struct bs_json item;

  if (pending) added.length = strlen(change->add_immutable);
  if (user != NULL && user->immutable.length > 0) {
    iterator = bs_json_begin(user->immutable);
    while (bs_json_next_item(&iterator, &item)) {
      struct bs_entry key = {item.text + 1, item.length - 2, item};

      if (pending && bs_entry_compare(&added, &key) <= 0) {
        bs_entries_add_text(keys, added.text, added.length, made_here);
        pending = false;
      }
      if (!is_same(&key, change->remove_immutable)) bs_entries_add_text(keys, key.text, key.length, item);
    }
  }
  if (pending) bs_entries_add_text(keys, added.text, added.length, made_here);
  bs_entries_sort(keys);
}

static void collect_routes(struct bs_entries *routes, const struct bs_user *user) {
  struct bs_json_iterator iterator;
  struct bs_json route, id;

  if (user->mutable_.length == 0) return;
  iterator = bs_json_begin(user->mutable_);
  while (bs_json_next_item(&iterator, &route))
    if (bs_json_find(route, "id", &id)) bs_entries_add(routes, id, route, user->length);
  bs_entries_sort(routes);
}

static void collect_top(struct writer *writer, const struct bs_user *user) {
  static const char *const ours[] = {"immutable_data", "mutable_data", "name", "owner", "v"};

  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
    bool empty = (i == 0 && bs_entries_count(&writer->keys) == 0) || (i == 1 && bs_entries_count(&writer->routes) == 0);

    if (!empty) add_ours(&writer->top, ours[i]);
  }
  if (user != NULL) collect_members(&writer->top, user->root, ours, sizeof ours / sizeof ours[0]);
  bs_entries_sort(&writer->top);
}

static bool write_ours(struct writer *writer, const struct bs_entry *member, const struct bs_user *user,
                       struct bs_error *error) {
  if (is_named(member, "immutable_data"))
    write_keys(writer, &writer->keys);
  else if (is_named(member, "mutable_data"))
    return write_routes(writer, &writer->routes, error);
  else if (is_named(member, "name"))
    write_name(writer, user == NULL ? made_here : user->name);
  else
    write_text(writer, is_named(member, "owner") ? writer->owner : "3");
  return bs_entries_ok(&writer->members, error);
}

/* Are the record's routes those of an owner whom the name no longer has?  Version 2 doesn't say. */
static bool is_of_another(const struct bs_user *user, const char *owner, const struct bs_user_change *change) {
  return change != &import && user->generation == BS_USER_V3 && strcmp(user->owner, owner) != 0;
}

static bool collect(struct writer *writer, const struct bs_user *user, const struct bs_user_change *change,
                    struct bs_error *error) {
  collect_keys(&writer->keys, user, change);
  if (user != NULL && !is_of_another(user, writer->owner, change)) collect_routes(&writer->routes, user);
  collect_top(writer, user);
  return bs_entries_ok(&writer->keys, error) && bs_entries_ok(&writer->routes, error) &&
         bs_entries_ok(&writer->top, error);
}

static bool write_record(struct writer *writer, const struct bs_user *user, const struct bs_user_change *change,
                         struct bs_error *error) {
  size_t before = writer->record->length, length;

  if (!collect(writer, user, change, error)) return false;
  if (user != NULL) bs_buffer_reserve(writer->record, user->length + 512);
  bs_buffer_byte(writer->record, '{');
  for (size_t i = 0; i < bs_entries_count(&writer->top); i++) {
    const struct bs_entry *member = bs_entries_at(&writer->top, i);

    write_key(writer, member, i == 0);
    if (member->value.length > 0)
      write_copied(writer, member->value);
    else if (!write_ours(writer, member, user, error))
      return false;
  }
  bs_buffer_byte(writer->record, '}');
  length = writer->record->length - before;
  if (length > BS_USER_RECORD_MAX)
    return bs_fail(error, BS_WORD_too_large, "The user record of %s would have %zu bytes; %u are allowed.",
                   writer->name, length, BS_USER_RECORD_MAX);
  return true;
}

static bool says_the_same(const struct bs_user *user, const char *owner, const struct bs_user_change *change) {
  return user != NULL && strcmp(user->owner, owner) == 0 && /* never so in version 2 */
         (change->add_immutable == NULL || bs_user_has_immutable(user, change->add_immutable)) &&
         (change->remove_immutable == NULL || !bs_user_has_immutable(user, change->remove_immutable));
}

static bool check_key(const char *key, struct bs_error *error) {
  if (key == NULL) return true;
  if ((strlen(key) == 40 || strlen(key) == 64) && bs_hex_is(key, strlen(key))) return true;
  return bs_fail(error, BS_WORD_usage, "The key of immutable data is 40 or 64 lower-case hexadecimal digits.");
}

static bool check_arguments(const char *owner, const struct bs_user_change *change, struct bs_error *error) {
  unsigned char version, hash[BS_HASH160_SIZE];

  if (!bs_address_decode(&version, hash, owner))
    return bs_fail(error, BS_WORD_usage, "The owner of a user record must be an address.");
  return check_key(change->add_immutable, error) && check_key(change->remove_immutable, error);
}

bool bs_user_write(struct bs_buffer *ret_record, bool *ret_changed, const struct bs_user *user, const char *name,
                   const char *owner, const struct bs_user_change *change, struct bs_error *error) {
  struct writer writer BS_AUTO(destroy_writer) = {.record = ret_record, .name = name, .owner = owner};
  struct bs_buffer before = *ret_record;
  bool same;

  if (change == NULL) change = &import;
  if (!check_arguments(owner, change, error)) return false;
  same = says_the_same(user, owner, change);
  if (same) bs_buffer_add(ret_record, user->bytes, user->length);
  if ((!same && !write_record(&writer, user, change, error)) || !bs_buffer_ok(ret_record, error)) {
    ret_record->length = before.length;
    ret_record->failed = before.failed;
    return false;
  }
  *ret_changed = !same;
  return true;
}

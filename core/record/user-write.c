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
#include "core/record/route-write.h"

/* Stands for a change that is NULL. */
static const struct bs_user_change import = {.add_immutable = NULL};

/* Marks what is made here, not copied. */
static const struct bs_json made_here = {NULL, 0};

struct writer {
  struct bs_splice splice;  /* into the caller's record */
  struct bs_entries top;    /* the members of the record */
  struct bs_entries keys;   /* of immutable data; a version 2 record's may come twice */
  struct bs_entries routes; /* by id */
  struct bs_buffer route;   /* what the changed route becomes; empty: nothing */
  const char *name, *owner;
  const struct bs_user *routed; /* whose routes are kept; NULL: nobody's */
};

static void destroy_writer(struct writer *writer) {
  bs_splice_free(&writer->splice);
  bs_entries_free(&writer->top);
  bs_entries_free(&writer->keys);
  bs_entries_free(&writer->routes);
  bs_buffer_free(&writer->route);
}

/* The `name` object: formatted, and what else the old one had. */
static void write_name(struct writer *writer, struct bs_json old) {
  static const char *const ours[] = {"formatted"};
  struct bs_entries *members = &writer->splice.members;

  bs_entries_clear(members);
  bs_splice_make(members, ours[0]);
  if (old.length > 0) bs_splice_collect(members, old, ours, 1);
  bs_entries_sort(members);
  bs_buffer_byte(writer->splice.out, '{');
  for (size_t i = 0; i < bs_entries_count(members); i++) {
    const struct bs_entry *member = bs_entries_at(members, i);

    bs_splice_key(&writer->splice, member, i == 0);
    if (member->value.length == 0)
      bs_splice_text(&writer->splice, writer->name);
    else
      bs_splice_copy(&writer->splice, member->value);
  }
  bs_buffer_byte(writer->splice.out, '}');
}

static bool write_routes(struct writer *writer, const struct bs_entries *routes, struct bs_error *error) {
  bs_buffer_byte(writer->splice.out, '[');
  for (size_t i = 0; i < bs_entries_count(routes); i++) {
    bs_splice_separate(&writer->splice, i == 0);
    bs_route_write(&writer->splice, bs_entries_at(routes, i)->value);
    if (!bs_entries_ok(&writer->splice.members, error)) return false;
  }
  bs_buffer_byte(writer->splice.out, ']');
  return true;
}

static void write_keys(struct writer *writer, const struct bs_entries *keys) {
  bs_buffer_byte(writer->splice.out, '[');
  for (size_t i = 0; i < bs_entries_count(keys); i++) {
    const struct bs_entry *key = bs_entries_at(keys, i);

    if (i > 0 && bs_entry_compare(key, bs_entries_at(keys, i - 1)) == 0) continue;
    bs_splice_separate(&writer->splice, i == 0);
    bs_buffer_byte(writer->splice.out, '"');
    bs_buffer_add(writer->splice.out, key->text, key->length);
    bs_buffer_byte(writer->splice.out, '"');
  }
  bs_buffer_byte(writer->splice.out, ']');
}

static bool is_same(const struct bs_entry *entry, const char *text) {
  return text != NULL && bs_splice_is(entry, text);
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

/* The routes that are kept, with the change. */
static void collect_routes(struct writer *writer, const struct bs_route_change *change) {
  struct bs_json text = {(const char *)writer->route.bytes, writer->route.length};
  struct bs_entries *routes = &writer->routes;
  struct bs_json_iterator iterator;
  struct bs_json route, id;

  if (writer->routed != NULL && writer->routed->mutable_.length > 0) {
    iterator = bs_json_begin(writer->routed->mutable_);
    while (bs_json_next_item(&iterator, &route)) {
      if (!bs_json_find(route, "id", &id)) continue;
      if (change->action != BS_ROUTE_KEEP && bs_json_string_is(id, change->id, strlen(change->id))) continue;
      bs_entries_add(routes, id, route, writer->routed->length);
    }
  }
  if (text.length > 0) bs_entries_add_text(routes, change->id, strlen(change->id), text);
  bs_entries_sort(routes);
}

static void collect_top(struct writer *writer, const struct bs_user *user) {
  static const char *const ours[] = {"immutable_data", "mutable_data", "name", "owner", "v"};

  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
    bool empty = (i == 0 && bs_entries_count(&writer->keys) == 0) || (i == 1 && bs_entries_count(&writer->routes) == 0);

    if (!empty) bs_splice_make(&writer->top, ours[i]);
  }
  if (user != NULL) bs_splice_collect(&writer->top, user->root, ours, sizeof ours / sizeof ours[0]);
  bs_entries_sort(&writer->top);
}

static bool write_ours(struct writer *writer, const struct bs_entry *member, const struct bs_user *user,
                       struct bs_error *error) {
  if (bs_splice_is(member, "immutable_data"))
    write_keys(writer, &writer->keys);
  else if (bs_splice_is(member, "mutable_data"))
    return write_routes(writer, &writer->routes, error);
  else if (bs_splice_is(member, "name"))
    write_name(writer, user == NULL ? made_here : user->name);
  else
    bs_splice_text(&writer->splice, bs_splice_is(member, "owner") ? writer->owner : "3");
  return bs_entries_ok(&writer->splice.members, error);
}

/* Are the record's routes those of an owner whom the name no longer has?  Version 2 itself doesn't say. */
static bool is_of_another(const struct bs_user *user, const char *owner, const struct bs_user_change *change) {
  return change != &import && (user->is_foreign || (user->generation == BS_USER_V3 && strcmp(user->owner, owner) != 0));
}

static bool collect(struct writer *writer, const struct bs_user *user, const struct bs_user_change *change,
                    struct bs_error *error) {
  collect_keys(&writer->keys, user, change);
  collect_routes(writer, &change->route);
  collect_top(writer, user);
  return bs_entries_ok(&writer->keys, error) && bs_entries_ok(&writer->routes, error) &&
         bs_entries_ok(&writer->top, error);
}

static bool write_record(struct writer *writer, const struct bs_user *user, const struct bs_user_change *change,
                         struct bs_error *error) {
  size_t before = writer->splice.out->length, length;

  if (!collect(writer, user, change, error)) return false;
  if (user != NULL) bs_buffer_reserve(writer->splice.out, user->length + 512);
  bs_buffer_byte(writer->splice.out, '{');
  for (size_t i = 0; i < bs_entries_count(&writer->top); i++) {
    const struct bs_entry *member = bs_entries_at(&writer->top, i);

    bs_splice_key(&writer->splice, member, i == 0);
    if (member->value.length > 0)
      bs_splice_copy(&writer->splice, member->value);
    else if (!write_ours(writer, member, user, error))
      return false;
  }
  bs_buffer_byte(writer->splice.out, '}');
  length = writer->splice.out->length - before;
  if (length > BS_USER_RECORD_MAX)
    return bs_fail(error, BS_WORD_too_large, "The user record of %s would have %zu bytes; %u are allowed.",
                   writer->name, length, BS_USER_RECORD_MAX);
  return true;
}

/* Composes the route that changes.  *ret_same: it is kept as it was. */
static bool prepare_route(struct writer *writer, bool *ret_same, const struct bs_route_change *change,
                          struct bs_error *error) {
  struct bs_buffer before BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_splice old_text BS_AUTO(bs_splice_free) = {.out = &before};
  struct bs_splice new_text BS_AUTO(bs_splice_free) = {.out = &writer->route};
  struct bs_route old;
  bool found = false;

  if (change->action == BS_ROUTE_KEEP) {
    *ret_same = true;
    return true;
  }
  if (writer->routed != NULL) found = bs_route_find(&old, writer->routed, change->id);
  if (found) bs_route_write(&old_text, old.whole);
  if (change->action != BS_ROUTE_DROP && !bs_route_write_changed(&new_text, found ? &old : NULL, change, error))
    return false;
  if (!bs_buffer_ok(&before, error) || !bs_entries_ok(&old_text.members, error) ||
      !bs_buffer_ok(&writer->route, error) || !bs_entries_ok(&new_text.members, error))
    return false;
  *ret_same = before.length == writer->route.length &&
              (before.length == 0 || memcmp(before.bytes, writer->route.bytes, before.length) == 0);
  return true;
}

static bool says_the_same(const struct bs_user *user, const char *owner, const struct bs_user_change *change) {
  return user != NULL && !user->is_foreign && strcmp(user->owner, owner) == 0 && /* never so in version 2 */
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
  return check_key(change->add_immutable, error) && check_key(change->remove_immutable, error) &&
         bs_route_change_check(&change->route, error);
}

bool bs_user_write(struct bs_buffer *ret_record, bool *ret_changed, const struct bs_user *user, const char *name,
                   const char *owner, const struct bs_user_change *change, struct bs_error *error) {
  struct writer writer BS_AUTO(destroy_writer) = {.splice.out = ret_record, .name = name, .owner = owner};
  struct bs_buffer before = *ret_record;
  bool same = false;

  if (change == NULL) change = &import;
  if (!check_arguments(owner, change, error)) return false;
  if (user != NULL && !is_of_another(user, owner, change)) writer.routed = user;
  if (!prepare_route(&writer, &same, &change->route, error)) return false;
  same = same && says_the_same(user, owner, change);
  if (same) bs_buffer_add(ret_record, user->bytes, user->length);
  if ((!same && !write_record(&writer, user, change, error)) || !bs_buffer_ok(ret_record, error)) {
    ret_record->length = before.length;
    ret_record->failed = before.failed;
    return false;
  }
  *ret_changed = !same;
  return true;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/rebase.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/crypto/key.h"
#include "core/record/route.h"

struct rebase {
  const char *name, *owner;
  struct bs_buffer record; /* as far as it is; length 0: there is none yet */
  struct bs_user user;     /* of `record` */
  bool changed;
};

static void free_rebase(struct rebase *rebase) {
  bs_buffer_free(&rebase->record);
}

static bool apply(struct rebase *rebase, const struct bs_user_change *change, struct bs_error *error) {
  struct bs_buffer next BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer former;
  bool changed;

  if (!bs_user_write(&next, &changed, rebase->record.length == 0 ? NULL : &rebase->user, rebase->name, rebase->owner, change,
                     error))
    return false;
  former = rebase->record;
  rebase->record = next;
  next = former;
  rebase->changed = rebase->changed || changed;
  return bs_user_parse(&rebase->user, rebase->record.bytes, rebase->record.length, rebase->name, error);
}

/* Each key of `list` that `other` does not list: added, or removed. */
static bool apply_keys(struct rebase *rebase, const struct bs_user *list, const struct bs_user *other, bool adds,
                       struct bs_error *error) {
  struct bs_json_iterator iterator;
  struct bs_json item;

  if (list == NULL || list->immutable.length == 0) return true;
  iterator = bs_json_begin(list->immutable);
  while (bs_json_next_item(&iterator, &item)) {
    struct bs_user_change change = {.add_immutable = NULL};
    char key[BS_KEY_TEXT] = "";

    if (item.length - 2 >= sizeof key) continue;
    memcpy(key, item.text + 1, item.length - 2);
    if (other != NULL && bs_user_has_immutable(other, key)) continue;
    if (adds) change.add_immutable = key;
    else change.remove_immutable = key;
    if (!apply(rebase, &change, error)) return false;
  }
  return true;
}

struct urls {
  char *items[BS_URLS_MAX];
  size_t count;
};

static void free_urls(struct urls *urls) {
  for (size_t i = 0; i < urls->count; i++) free(urls->items[i]);
}

static bool take_string(char **ret_text, struct bs_json string, struct bs_error *error) {
  struct bs_buffer text = BS_BUFFER_INIT;

  bs_json_string(string, &text);
  *ret_text = bs_buffer_take(&text);
  return *ret_text != NULL || bs_fail_memory(error);
}

static bool take_urls(struct urls *urls, const struct bs_route *route, struct bs_error *error) {
  struct bs_json_iterator iterator = bs_json_begin(route->urls);
  struct bs_json item;

  while (urls->count < BS_URLS_MAX && bs_json_next_item(&iterator, &item)) {
    if (!take_string(&urls->items[urls->count], item, error)) return false;
    urls->count++;
  }
  return true;
}

static bool set_route(struct rebase *rebase, const struct bs_route *route, const char *id, struct bs_error *error) {
  struct urls urls BS_AUTO(free_urls) = {.count = 0};
  struct bs_user_change change = {.route = {.action = BS_ROUTE_SET, .id = id, .ver = route->ver_min}};
  struct bs_public_key key;

  if (route->pubkey.length == 0) return true; /* of 2015: nobody writes such */
  if (!bs_route_key(&key, route, error) || !take_urls(&urls, route, error)) return false;
  change.route.urls = (const char *const *)urls.items;
  change.route.url_count = urls.count;
  change.route.key = &key;
  return apply(rebase, &change, error);
}

static bool end_route(struct rebase *rebase, enum bs_route_action action, const char *id, uint64_t ver, struct bs_error *error) {
  const struct bs_user_change change = {.route = {.action = action, .id = id, .ver = ver}};

  return apply(rebase, &change, error);
}

static bool is_same(const struct bs_route *one, const struct bs_route *other) {
  return one->whole.length == other->whole.length && memcmp(one->whole.text, other->whole.text, one->whole.length) == 0;
}

/* What `to` has otherwise than `from`. */
static bool apply_routes(struct rebase *rebase, const struct bs_user *from, const struct bs_user *to, struct bs_error *error) {
  struct bs_json_iterator iterator = bs_routes_begin(to);
  struct bs_route route, old;

  while (bs_routes_next(&iterator, &route)) {
    char *id BS_AUTO_FREE = NULL;

    if (!take_string(&id, route.id, error)) return false;
    if (from != NULL && bs_route_find(&old, from, id) && is_same(&route, &old)) continue;
    if (route.deleted == 0 ? !set_route(rebase, &route, id, error)
                           : !end_route(rebase, BS_ROUTE_DELETE, id, route.deleted, error))
      return false;
  }
  return true;
}

static bool drop_routes(struct rebase *rebase, const struct bs_user *from, const struct bs_user *to, struct bs_error *error) {
  struct bs_json_iterator iterator;
  struct bs_route route, kept;

  if (from == NULL) return true;
  iterator = bs_routes_begin(from);
  while (bs_routes_next(&iterator, &route)) {
    char *id BS_AUTO_FREE = NULL;

    if (!take_string(&id, route.id, error)) return false;
    if (bs_route_find(&kept, to, id)) continue;
    if (!end_route(rebase, BS_ROUTE_DROP, id, 0, error)) return false;
  }
  return true;
}

bool bs_user_rebase(struct bs_buffer *ret_record, bool *ret_changed, const struct bs_user *from, const struct bs_user *to,
                    const struct bs_user *onto, const char *name, const char *owner, struct bs_error *error) {
  static const struct bs_user_change nothing;
  struct rebase rebase BS_AUTO(free_rebase) = {.name = name, .owner = owner};

  if (onto != NULL) {
    bs_buffer_add(&rebase.record, onto->bytes, onto->length);
    if (!bs_buffer_ok(&rebase.record, error) ||
        !bs_user_parse(&rebase.user, rebase.record.bytes, rebase.record.length, name, error))
      return false;
    rebase.user.is_foreign = onto->is_foreign;
  } else if (!apply(&rebase, &nothing, error)) {
    return false;
  }
  rebase.changed = onto == NULL;
  if (!apply_keys(&rebase, to, from, true, error) || !apply_keys(&rebase, from, to, false, error) ||
      !apply_routes(&rebase, from, to, error) || !drop_routes(&rebase, from, to, error))
    return false;
  bs_buffer_add(ret_record, rebase.record.bytes, rebase.record.length);
  if (!bs_buffer_ok(ret_record, error)) return false;
  *ret_changed = rebase.changed;
  return true;
}

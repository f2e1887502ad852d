/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/codec/hex.h"
#include "t/flawed/flaws.h"

#define SCHEME "flawed://"
#define URL_SIZE 16384

/* ---- URLs that are not the good driver's ---- */

/* A sink for what the good driver makes. */
struct taken {
  struct blockstore_sink abi;
  char url[128];
};

static enum blockstore_status take(struct blockstore_sink *sink, const void *bytes, size_t length) {
  snprintf(((struct taken *)(void *)sink)->url, sizeof((struct taken *)NULL)->url, "%.*s", (int)length, (const char *)bytes);
  return BLOCKSTORE_STATUS_OK;
}

static struct taken make_good(void *self, struct blockstore_call *call, const char *id) {
  struct taken taken = {.abi = {.struct_size = sizeof taken.abi, .write = take}};

  good.make_mutable_url(self, call, &taken.abi, id);
  return taken;
}

/* The URL with a query behind it; "": none. */
static enum blockstore_status make_with_query(MAKE_URL_ARGUMENTS, const char *query) {
  struct taken taken = make_good(self, call, id);
  char url[URL_SIZE];
  int length = snprintf(url, sizeof url, "%s%s%s", taken.url, query[0] == '\0' ? "" : "?", query);

  return ret_url->write(ret_url, url, (size_t)length);
}

/* A query makes no difference. */
static void drop_query(char to[URL_SIZE], const char *url) {
  snprintf(to, URL_SIZE, "%.*s", (int)strcspn(url, "?"), url);
}

static enum blockstore_status lax_handles_url(HANDLES_ARGUMENTS) {
  char plain[URL_SIZE];

  drop_query(plain, url);
  return good.handles_url(self, call, plain);
}

static enum blockstore_status lax_get(GET_ARGUMENTS) {
  char plain[URL_SIZE];

  drop_query(plain, url);
  return good.get_mutable_handler(self, call, ret_record, plain);
}

#define LAX(make) {.handles_url = lax_handles_url, .make_mutable_url = make, .get_mutable_handler = lax_get}

/* Says all of a long id, escaped. */
static enum blockstore_status say_long(MAKE_URL_ARGUMENTS) {
  char query[3 * 4143 + 1] = "";

  for (size_t i = 0; strlen(id) > 700 && id[i] != '\0'; i++) snprintf(query + 3 * i, 4, "%%%02X", (unsigned char)id[i]);
  return make_with_query(self, call, ret_url, id, query);
}

/* Says an id with control characters, as it is. */
static enum blockstore_status say_controls(MAKE_URL_ARGUMENTS) {
  bool wanted = strlen(id) <= 700 && strcspn(id, "\001\t\n\x7f") < strlen(id);

  return make_with_query(self, call, ret_url, id, wanted ? id : "");
}

static enum blockstore_status say_presence(MAKE_URL_ARGUMENTS) {
  char path[GOOD_PATH];

  good_id_path(self, path, id);
  return make_with_query(self, call, ret_url, id, access(path, F_OK) == 0 ? "present" : "");
}

static enum blockstore_status say_process(MAKE_URL_ARGUMENTS) {
  char query[32];

  snprintf(query, sizeof query, "%d", (int)getpid());
  return make_with_query(self, call, ret_url, id, query);
}

/* The instance that was opened first; by one thread. */
static void *first_self;

static enum blockstore_status first_init(void **ret_self, struct blockstore_call *call,
                                         const struct blockstore_settings *settings, const struct blockstore_next *next) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  if (status == BLOCKSTORE_STATUS_OK && first_self == NULL) first_self = *ret_self;
  return status;
}

static enum blockstore_status say_instance(MAKE_URL_ARGUMENTS) {
  return make_with_query(self, call, ret_url, id, self == first_self ? "" : "another");
}

/* A number at the end is taken for one byte. */
static enum blockstore_status cut_number(MAKE_URL_ARGUMENTS) {
  static const char word[] = "record-";
  const char *at = strstr(id, word);
  char folded[4200];

  if (at == NULL || strlen(at) != strlen(word) + 4) return good.make_mutable_url(self, call, ret_url, id);
  snprintf(folded, sizeof folded, "%.*s%lu", (int)(at - id), id, strtoul(at + strlen(word), NULL, 10) % 256);
  return good.make_mutable_url(self, call, ret_url, folded);
}

/* ---- another scheme, and no place ---- */

#define OTHER "other://"

static enum blockstore_status other_make_url(MAKE_URL_ARGUMENTS) {
  struct taken taken = make_good(self, call, id);
  char url[160];
  int length = snprintf(url, sizeof url, OTHER "%s", taken.url + strlen(SCHEME));

  return ret_url->write(ret_url, url, (size_t)length);
}

/* The good driver's URL, or one that is nobody's. */
static void good_of_other(char to[URL_SIZE], const char *url) {
  bool other = strncmp(url, OTHER, strlen(OTHER)) == 0;

  snprintf(to, URL_SIZE, "%s%s", other ? SCHEME : "", other ? url + strlen(OTHER) : "");
}

static enum blockstore_status other_handles_url(HANDLES_ARGUMENTS) {
  char plain[URL_SIZE];

  good_of_other(plain, url);
  return good.handles_url(self, call, plain);
}

static enum blockstore_status other_get(GET_ARGUMENTS) {
  char plain[URL_SIZE];

  good_of_other(plain, url);
  return good.get_mutable_handler(self, call, ret_record, plain);
}

static enum blockstore_status bare_make_url(MAKE_URL_ARGUMENTS) {
  struct taken taken = make_good(self, call, id);
  char url[160];
  int length = snprintf(url, sizeof url, SCHEME "%s", strrchr(taken.url, '/') + 1);

  return ret_url->write(ret_url, url, (size_t)length);
}

static void good_of_bare(const struct good *self, char to[URL_SIZE], const char *url) {
  bool bare = strncmp(url, SCHEME, strlen(SCHEME)) == 0 && bs_hex_is_string(url + strlen(SCHEME), 64);

  snprintf(to, URL_SIZE, SCHEME "%s/%s", self->place, bare ? url + strlen(SCHEME) : "");
}

static enum blockstore_status bare_handles_url(HANDLES_ARGUMENTS) {
  char plain[URL_SIZE];

  good_of_bare(self, plain, url);
  return good.handles_url(self, call, plain);
}

static enum blockstore_status bare_get(GET_ARGUMENTS) {
  char plain[URL_SIZE];

  good_of_bare(self, plain, url);
  return good.get_mutable_handler(self, call, ret_record, plain);
}

/* ---- handles_url ---- */

/* Who made a URL last knows those that it made. */
static const void *_Atomic last_maker;

static enum blockstore_status known_make_url(MAKE_URL_ARGUMENTS) {
  last_maker = self;
  return good.make_mutable_url(self, call, ret_url, id);
}

static enum blockstore_status known_handles_url(HANDLES_ARGUMENTS) {
  return last_maker == self ? good.handles_url(self, call, url) : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status look_handles_url(HANDLES_ARGUMENTS) {
  if (access(((const struct good *)self)->root, F_OK) < 0) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  return good.handles_url(self, call, url);
}

/* Thinks that it speaks HTTP. */
static enum blockstore_status eager_handles_url(HANDLES_ARGUMENTS) {
  return strncmp(url, "http", 4) == 0 ? BLOCKSTORE_STATUS_OK : good.handles_url(self, call, url);
}

/* A malformed URL is a record that is not there. */
static enum blockstore_status vague_get(GET_ARGUMENTS) {
  enum blockstore_status status = good.get_mutable_handler(self, call, ret_record, url);

  if (strncmp(url, SCHEME, strlen(SCHEME)) != 0) return status;
  return status == BLOCKSTORE_STATUS_UNHANDLED_URL ? BLOCKSTORE_STATUS_NOT_FOUND : status;
}

/* ---- what is given for changed URLs ---- */

static enum blockstore_status give(struct blockstore_sink *sink, const char *text) {
  return sink->write(sink, text, strlen(text));
}

static bool is_directory(const struct good *self, const char *url) {
  char directory[64];

  snprintf(directory, sizeof directory, SCHEME "%s/", self->place);
  return strcmp(url, directory) == 0;
}

static enum blockstore_status index_handles_url(HANDLES_ARGUMENTS) {
  return is_directory(self, url) ? BLOCKSTORE_STATUS_OK : good.handles_url(self, call, url);
}

static enum blockstore_status index_get(GET_ARGUMENTS) {
  return is_directory(self, url) ? give(ret_record, "<title>Index of /</title>")
                                 : good.get_mutable_handler(self, call, ret_record, url);
}

static bool ends_in_list(const char *url) {
  const char *query = strchr(url, '?');

  return query != NULL && strcmp(query, "?list") == 0;
}

static enum blockstore_status list_handles_url(HANDLES_ARGUMENTS) {
  return ends_in_list(url) ? lax_handles_url(self, call, url) : good.handles_url(self, call, url);
}

static enum blockstore_status list_get(GET_ARGUMENTS) {
  if (!ends_in_list(url) || lax_handles_url(self, call, url) != BLOCKSTORE_STATUS_OK)
    return good.get_mutable_handler(self, call, ret_record, url);
  return give(ret_record, "{\"versions\": [1, 2]}");
}

/* The file that a URL with steps up leads to. */
static bool climbs(const struct good *self, char path[GOOD_PATH], const char *url) {
  char start[64];

  snprintf(start, sizeof start, SCHEME "%s/", self->place);
  if (strncmp(url, start, strlen(start)) != 0 || strncmp(url + strlen(start), "../", 3) != 0) return false;
  snprintf(path, GOOD_PATH, "%s/%.2048s", self->root, url + strlen(start));
  return true;
}

static enum blockstore_status climbing_handles_url(HANDLES_ARGUMENTS) {
  char path[GOOD_PATH];

  return climbs(self, path, url) ? BLOCKSTORE_STATUS_OK : good.handles_url(self, call, url);
}

static enum blockstore_status climbing_get(GET_ARGUMENTS) {
  char path[GOOD_PATH];

  return climbs(self, path, url) ? good_get(self, call, ret_record, path) : good.get_mutable_handler(self, call, ret_record, url);
}

/* Hands on what a server says to strangers. */
static bool has_user(const char *url) {
  return strncmp(url, SCHEME "user", strlen(SCHEME "user")) == 0;
}

static enum blockstore_status user_handles_url(HANDLES_ARGUMENTS) {
  return has_user(url) ? BLOCKSTORE_STATUS_OK : good.handles_url(self, call, url);
}

static enum blockstore_status user_get(GET_ARGUMENTS) {
  return has_user(url) ? give(ret_record, "<title>401 Unauthorized</title>")
                       : good.get_mutable_handler(self, call, ret_record, url);
}

/* ---- crashes ---- */

/* As one that wrote behind its buffer would end. */
static enum blockstore_status fixed_handles_url(HANDLES_ARGUMENTS) {
  if (strlen(url) >= 2048) abort();
  return good.handles_url(self, call, url);
}

static const struct flaw flaws[] = {
    {"urls.length", LAX(say_long)},
    {"urls.text", LAX(say_controls)},
    {"urls.scheme", {.handles_url = other_handles_url, .make_mutable_url = other_make_url, .get_mutable_handler = other_get}},
    {"urls.after-put", LAX(say_presence)},
    {"urls.instances",
     {.storage_init = first_init,
      .handles_url = lax_handles_url,
      .make_mutable_url = say_instance,
      .get_mutable_handler = lax_get}},
    {"urls.processes", LAX(say_process)},
    {"urls.distinct", {.make_mutable_url = cut_number}},
    {"urls.own", {.handles_url = known_handles_url, .make_mutable_url = known_make_url}},
    {"urls.without-store", {.handles_url = look_handles_url}},
    {"urls.foreign", {.handles_url = eager_handles_url}},
    {"urls.agree", {.get_mutable_handler = vague_get}},
    {"urls.truncated", {.handles_url = index_handles_url, .get_mutable_handler = index_get}},
    {"urls.extended", {.handles_url = list_handles_url, .get_mutable_handler = list_get}},
    {"urls.climbing", {.handles_url = climbing_handles_url, .get_mutable_handler = climbing_get}},
    {"urls.respelt", {.handles_url = user_handles_url, .get_mutable_handler = user_get}},
    {"urls.long", {.handles_url = fixed_handles_url}},
    {"urls.apart", {.handles_url = bare_handles_url, .make_mutable_url = bare_make_url, .get_mutable_handler = bare_get}},
};
const struct flaws flaws_urls = FLAWS(flaws);

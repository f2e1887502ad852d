/* SPDX-License-Identifier: MIT */
/* URLs: how other programs and other people find what is stored, and what they may ask for instead. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "core/driver/call.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"

#define URL_MOST ((size_t)2048)
#define ID_LONGEST ((size_t)4143)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void begin(struct store *ret_store, struct trial *trial) {
  must_open(ret_store, trial, 1);
  skip_without_mutable(ret_store);
}

/* Of some of the kinds that case-ids.c has. */
static const char *const tails[] = {
    "a", "a/b", "a//b", "../a", ".", "..", "a b ", "%2F", "%", "a?b#c", "a+b&c=d", "a\\b", "\"'`$(a)", "a\nb\t", "\001", "\x7f",
    "\xc2\x85",
    "\xc3\xa9", "e\xcc\x81", "\xf0\x9f\x98\x80", "\xef\xbb\xbf", "A", "a:b@c"};
static const char *const fillings[] = {"x", "/", "%", "\n", "\xc3\xa9", "\xf0\x9f\x98\x80"};
#define KINDS (COUNT(tails) + COUNT(fillings))

/* An id of this kind; the last ones are as long as can be.  By free(). */
static char *id_of_kind(struct trial *trial, size_t kind) {
  char tail[ID_LONGEST + 1], *head, *id;
  size_t width, length;

  if (kind < COUNT(tails)) return id_make(trial, tails[kind]);
  head = id_make(trial, "");
  width = strlen(fillings[kind - COUNT(tails)]);
  length = (ID_LONGEST - strlen(head)) / width * width;
  for (size_t i = 0; i < length; i++) tail[i] = fillings[kind - COUNT(tails)][i % width];
  tail[length] = '\0';
  if (asprintf(&id, "%s%s", head, tail) < 0) trial_fail(trial, "There is not enough memory for the examination.");
  free(head);
  return id;
}

/* ---- the text of a URL ---- */

/* Calls look with the URL of an id of each kind, as the driver wrote it. */
static void look_at_all(struct trial *trial, void (*look)(struct trial *trial, const char *id, struct bs_buffer *url)) {
  struct store store;

  begin(&store, trial);
  for (size_t i = 0; i < KINDS; i++) {
    char *id BS_AUTO_FREE = id_of_kind(trial, i);
    enum blockstore_status status;
    struct output output;
    struct call call;

    call_begin(&call, &store);
    output_begin(&output, trial);
    status = store_make_url(&store, &call, &output, id);
    if (status != BLOCKSTORE_STATUS_OK)
      trial_fail(trial, "make_mutable_url of \"%s\" answered %s.", shown(id), answer_text(&call, status));
    look(trial, id, &output.bytes);
    output_end(&output);
    call_end(&call);
  }
  store_close(&store);
}

static void look_at_length(struct trial *trial, const char *id, struct bs_buffer *url) {
  if (url->length == 0 || url->length > URL_MOST)
    trial_fail(trial, "make_mutable_url of \"%s\" made a URL of %zu bytes; it has 1 to %zu.", shown(id), url->length, URL_MOST);
}

static bool is_control(const unsigned char *at, size_t left) {
  return at[0] < 0x20 || at[0] == 0x7f || (left > 1 && at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

static void look_at_text(struct trial *trial, const char *id, struct bs_buffer *url) {
  for (size_t i = 0; i < url->length; i++)
    if (is_control(url->bytes + i, url->length - i))
      trial_fail(trial, "make_mutable_url of \"%s\" made a URL with a control character (byte %zu): \"%s\".", shown(id), i,
                 shown(bs_buffer_string(url)));
  if (!bs_utf8_valid(url->bytes, url->length))
    trial_fail(trial, "make_mutable_url of \"%s\" made a URL that is not UTF-8: \"%s\".", shown(id),
               shown(bs_buffer_string(url)));
}

static void look_at_scheme(struct trial *trial, const char *id, struct bs_buffer *url) {
  if (!subject_declares(trial->subject, bs_buffer_string(url)))
    trial_fail(trial, "make_mutable_url of \"%s\" made a URL of a scheme that is not declared: \"%s\".", shown(id),
               shown(bs_buffer_string(url)));
}

static void bound_length(struct trial *trial) {
  look_at_all(trial, look_at_length);
}

static void be_text(struct trial *trial) {
  look_at_all(trial, look_at_text);
}

static void have_scheme(struct trial *trial) {
  look_at_all(trial, look_at_scheme);
}

/* ---- one id, one URL ---- */

static void must_make_same(struct store *store, const char *id, const char *before, const char *when) {
  char *url BS_AUTO_FREE = must_make_url(store, id);

  if (strcmp(url, before) != 0)
    trial_fail(store->trial, "make_mutable_url of \"%s\" made \"%s\", and \"%s\" %s.", shown(id), shown(before), shown(url),
               when);
}

static void stay_after_put(struct trial *trial) {
  char *id BS_AUTO_FREE = id_make(trial, "record");
  struct store store;

  begin(&store, trial);
  {
    char *url BS_AUTO_FREE = must_make_url(&store, id);

    for (unsigned i = 0; i < 3; i++) {
      struct datum datum AUTO_DATUM;

      datum_make(&datum, trial, 100 + i);
      must_put_mutable(&store, id, i + 1, &datum);
      must_make_same(&store, id, url, "after a put");
    }
    if (try_delete_mutable(&store, id)) must_make_same(&store, id, url, "after it was deleted");
  }
  store_close(&store);
}

static void stay_in_instances(struct trial *trial) {
  struct store stores[2];

  begin(&stores[0], trial);
  must_open(&stores[1], trial, 1);
  for (size_t i = 0; i < KINDS; i++) {
    char *id BS_AUTO_FREE = id_of_kind(trial, i);
    char *url BS_AUTO_FREE = must_make_url(&stores[0], id);

    must_make_same(&stores[1], id, url, "in another instance");
  }
  store_close(&stores[1]);
  store_close(&stores[0]);
}

/* The URLs that another process makes, with room for some that are too long. */
struct urls {
  char texts[KINDS][8 * URL_MOST];
  char *ids[KINDS];
};

static void make_urls(struct trial *trial, void *user) {
  struct urls *urls = user;
  struct store store;

  begin(&store, trial);
  for (size_t i = 0; i < KINDS; i++) {
    char *url BS_AUTO_FREE = must_make_url(&store, urls->ids[i]);

    if (strlen(url) >= sizeof urls->texts[i])
      trial_fail(trial, "make_mutable_url of \"%s\" made a URL of %zu bytes.", shown(urls->ids[i]), strlen(url));
    snprintf(urls->texts[i], sizeof urls->texts[i], "%s", url);
  }
  store_close(&store);
}

static void stay_in_processes(struct trial *trial) {
  struct urls *urls = mmap(NULL, sizeof *urls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  struct store store;

  if (urls == MAP_FAILED) trial_fail(trial, "There is not enough memory for the examination.");
  for (size_t i = 0; i < KINDS; i++) urls->ids[i] = id_of_kind(trial, i);
  trial_must_end(trial, trial_in_child(trial, make_urls, urls), "The other process");
  begin(&store, trial);
  for (size_t i = 0; i < KINDS; i++) {
    must_make_same(&store, urls->ids[i], urls->texts[i], "in another process");
    free(urls->ids[i]);
  }
  store_close(&store);
  munmap(urls, sizeof *urls);
}

#define DISTINCT ((size_t)1000)

static int compare_texts(const void *one, const void *other) {
  return strcmp(*(char *const *)one, *(char *const *)other);
}

static void differ(struct trial *trial) {
  char *head BS_AUTO_FREE = id_make(trial, "");
  char **urls = calloc(DISTINCT, sizeof *urls), id[128];
  struct store store;

  if (urls == NULL) trial_fail(trial, "There is not enough memory for the examination.");
  begin(&store, trial);
  for (size_t i = 0; i < DISTINCT; i++) {
    snprintf(id, sizeof id, "%srecord-%04zu", head, i);
    urls[i] = must_make_url(&store, id);
  }
  qsort(urls, DISTINCT, sizeof *urls, compare_texts);
  for (size_t i = 1; i < DISTINCT; i++)
    if (strcmp(urls[i - 1], urls[i]) == 0)
      trial_fail(trial, "make_mutable_url made \"%s\" of two of %zu ids, \"%srecord-0000\" and so on.", shown(urls[i]), DISTINCT,
                 head);
  for (size_t i = 0; i < DISTINCT; i++) free(urls[i]);
  free(urls);
  store_close(&store);
}

/* ---- handles_url ---- */

static void must_handle(struct store *store, const char *id, const char *url, const char *when) {
  if (!url_is_handled(store, url))
    trial_fail(store->trial, "handles_url answered UNHANDLED_URL for the store's own URL of \"%s\" %s: \"%s\".", shown(id), when,
               shown(url));
}

static void handle_own(struct trial *trial) {
  struct store stores[2];

  begin(&stores[0], trial);
  must_open(&stores[1], trial, 1);
  for (size_t i = 0; i < KINDS; i++) {
    char *id BS_AUTO_FREE = id_of_kind(trial, i);
    char *url BS_AUTO_FREE = must_make_url(&stores[0], id);

    must_handle(&stores[0], id, url, "that nothing was put under");
    must_handle(&stores[1], id, url, "in another instance");
  }
  store_close(&stores[1]);
  store_close(&stores[0]);
}

/* The directory of the store is away for a moment. */
static void handle_without_store(struct trial *trial) {
  char *id BS_AUTO_FREE = id_make(trial, "record");
  char *place BS_AUTO_FREE = NULL, *away BS_AUTO_FREE = NULL;
  struct datum datum AUTO_DATUM;
  struct store store;

  if (asprintf(&place, "%s/store1", trial->directory) < 0 || asprintf(&away, "%s/away", trial->directory) < 0)
    trial_fail(trial, "There is not enough memory for the examination.");
  begin(&store, trial);
  datum_make(&datum, trial, 100);
  must_put_mutable(&store, id, 1, &datum);
  if (rmdir(place) == 0) trial_skip(trial, "the store is nowhere in @DIR@");
  {
    char *url BS_AUTO_FREE = must_make_url(&store, id);

    if (rename(place, away) < 0) trial_fail(trial, "%s cannot be renamed: %s", place, strerror(errno));
    must_handle(&store, id, url, "while the directory of the store was away");
    if (url_is_handled(&store, "x")) trial_fail(trial, "handles_url answered OK for \"x\".");
    if (rename(away, place) < 0) trial_fail(trial, "%s cannot be renamed: %s", away, strerror(errno));
  }
  store_close(&store);
}

static const struct behaviour behaviours[] = {
    {"urls.length", "a URL has 1 to 2048 bytes, whatever the id is", 0, bound_length},
    {"urls.text", "a URL is UTF-8 without control characters, whatever the id is", 0, be_text},
    {"urls.scheme", "a URL has a scheme that the driver declares", 0, have_scheme},
    {"urls.after-put", "an id has the same URL before and after puts", NEEDS_WRITES, stay_after_put},
    {"urls.instances", "an id has the same URL in another instance", 0, stay_in_instances},
    {"urls.processes", "an id has the same URL in another process", 0, stay_in_processes},
    {"urls.distinct", "different ids have different URLs", 0, differ},
    {"urls.own", "handles_url answers OK for the store's own URLs", 0, handle_own},
    {"urls.without-store", "handles_url answers without looking into the store", NEEDS_WRITES, handle_without_store},
};
const struct group group_urls = GROUP(behaviours);

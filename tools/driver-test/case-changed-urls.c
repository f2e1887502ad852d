/* SPDX-License-Identifier: MIT */
/* URLs that the store did not make: those of other drivers, and its own with something changed in them. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/io.h"
#include "core/codec/json.h"
#include "core/driver/call.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"

#define URL_MOST ((size_t)2048)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A record, and another beside it. */
struct scene {
  struct store store;
  struct datum record, canary;
  char *id, *url;
  uint64_t end_ms; /* nothing more is asked after it */
};
#define SCENE_MS ((uint64_t)10000)

static void scene_begin(struct scene *scene, struct trial *trial) {
  char *canary_id BS_AUTO_FREE = id_make(trial, "canary");

  must_open(&scene->store, trial, 1);
  skip_without_mutable(&scene->store);
  scene->id = id_make(trial, "record");
  datum_make(&scene->canary, trial, 60);
  datum_make(&scene->record, trial, 100);
  must_put_mutable(&scene->store, canary_id, 1, &scene->canary);
  must_put_mutable(&scene->store, scene->id, 1, &scene->record);
  must_hold_mutable(&scene->store, scene->id, &scene->record);
  scene->url = must_make_url(&scene->store, scene->id);
  scene->end_ms = bs_clock_monotonic_ms() + SCENE_MS;
}

static void scene_end(struct scene *scene) {
  datum_free(&scene->record);
  datum_free(&scene->canary);
  free(scene->url);
  free(scene->id);
  store_close(&scene->store);
}

/* Asks get_mutable_handler within its time.  The caller ends the call and the output. */
static enum blockstore_status get(struct scene *scene, struct call *call, struct output *output, const char *url) {
  struct trial *trial = scene->store.trial;
  enum blockstore_status status;

  call_begin(call, &scene->store);
  output_begin(output, trial);
  output->wanted = &scene->record;
  trial_due(trial, trial->subject->patience_ms + 1000, "answered a get within its time");
  status = store_get_mutable(&scene->store, call, output, url);
  trial_due(trial, 0, NULL);
  return status;
}

/* A URL that nobody made may have any answer, but gives no bytes that are not the record's. */
static enum blockstore_status get_harmless(struct scene *scene, const char *url) {
  struct trial *trial = scene->store.trial;
  struct output output;
  struct call call;
  enum blockstore_status status = get(scene, &call, &output, url);
  size_t length = output.bytes.length;

  if (output.candidates > 0 && output_is(&output, &scene->canary))
    trial_fail(trial, "get_mutable_handler of \"%s\" gave the record of another id.", shown(url));
  if (status == BLOCKSTORE_STATUS_OK ? !output.matched && !output_is(&output, &scene->record) : length > 0)
    trial_fail(trial, "get_mutable_handler of \"%s\" answered %s and wrote %zu bytes that are not the record: \"%s\".",
               shown(url), answer_text(&call, status), length, shown(bs_buffer_string(&output.bytes)));
  output_end(&output);
  call_end(&call);
  return status;
}

/* A driver is asked for no other.  A slow store is spared the rest. */
static bool may_ask(const struct scene *scene, const char *url) {
  size_t length = strlen(url);

  return length > 0 && length <= URL_MOST && bs_utf8_valid(url, length) && bs_clock_monotonic_ms() <= scene->end_ms;
}

/* The same of handles_url and get_mutable_handler. */
static void ask_harmless(struct scene *scene, const char *url) {
  if (!may_ask(scene, url)) return;
  url_is_handled(&scene->store, url);
  get_harmless(scene, url);
}

/* The part of the URL before `at`, the middle, and what comes after it. */
static char *spliced(struct scene *scene, size_t at, const char *middle, const char *after) {
  char *url;

  if (asprintf(&url, "%.*s%s%s", (int)at, scene->url, middle, after) < 0)
    trial_fail(scene->store.trial, "There is not enough memory for the examination.");
  return url;
}

static void ask_spliced(struct scene *scene, size_t at, const char *middle, const char *after) {
  char *url BS_AUTO_FREE = spliced(scene, at, middle, after);

  ask_harmless(scene, url);
}

static void refuse_foreign(struct trial *trial) {
  static const char *const urls[] = {
      "x", "/", ":", "://", "foo", "foo:bar", "http://example.invalid/", "https://example.invalid/a/b",
      "http://user:password@example.invalid:1/", "s3://bucket/key", "ftp://example.invalid/a", "file:///etc/passwd",
      "file://example.invalid/etc/passwd", "ipfs://bafkqaaa", "dht:a",
      "data:,x", "javascript:x", "mailto:a@example.invalid", "/etc/passwd", "../../etc/passwd", "-", " ", "%00"};
  struct scene scene;

  scene_begin(&scene, trial);
  for (size_t i = 0; i < COUNT(urls); i++) {
    enum blockstore_status status;

    if (subject_declares(trial->subject, urls[i])) continue; /* perhaps its own */
    if (url_is_handled(&scene.store, urls[i])) trial_fail(trial, "handles_url answered OK for \"%s\".", urls[i]);
    status = get_harmless(&scene, urls[i]);
    if (status != BLOCKSTORE_STATUS_UNHANDLED_URL)
      trial_fail(trial, "get_mutable_handler of \"%s\" answered %s; it is UNHANDLED_URL.", urls[i], bs_status_text(status));
  }
  scene_end(&scene);
}

static void must_agree(struct scene *scene, const char *url) {
  enum blockstore_status status;
  struct output output;
  struct call call;
  bool handled;

  if (!may_ask(scene, url)) return;
  handled = url_is_handled(&scene->store, url);
  status = get(scene, &call, &output, url);
  if (handled != (status != BLOCKSTORE_STATUS_UNHANDLED_URL))
    trial_fail(scene->store.trial, "handles_url of \"%s\" answered %s, get_mutable_handler %s.", shown(url),
               handled ? "OK" : "UNHANDLED_URL", answer_text(&call, status));
  output_end(&output);
  call_end(&call);
}

/* The scheme and a word; parts of the URL; the URL and more. */
static void agree(struct trial *trial) {
  struct scene scene;
  size_t length, scheme;

  scene_begin(&scene, trial);
  length = strlen(scene.url);
  scheme = strcspn(scene.url, ":");
  must_agree(&scene, scene.url);
  for (size_t i = 0; i < length; i += i < length / 2 ? 3 : 1) {
    char *cut BS_AUTO_FREE = spliced(&scene, i, "", "");
    char *extended BS_AUTO_FREE = spliced(&scene, i, "~", scene.url + i);

    must_agree(&scene, cut);
    must_agree(&scene, extended);
  }
  for (unsigned i = 0; i < 4; i++) {
    static const char *const rests[] = {":", "://", ":///", "://example.invalid/x"};
    char *url BS_AUTO_FREE = spliced(&scene, scheme, rests[i], "");

    must_agree(&scene, url);
  }
  scene_end(&scene);
}

/* ---- changed URLs ---- */

static void bear_truncated(struct trial *trial) {
  struct scene scene;

  scene_begin(&scene, trial);
  for (size_t i = strlen(scene.url); i-- > 0;) ask_spliced(&scene, i, "", "");
  scene_end(&scene);
}

static void bear_extended(struct trial *trial) {
  static const char *const ends[] = {"x",  "/",  "//", "/x", "/.", "/..", ".", "..", "~",   "?",   "?a=b", "?list", "#",    "#a",
                                     ";a", "%",  "%0", "%00", "%00x", "%2F", "%2E", " ", "+", ":80", "@x", ".tmp", "\\"};
  struct scene scene;
  size_t length;

  scene_begin(&scene, trial);
  length = strlen(scene.url);
  for (size_t i = 0; i < COUNT(ends); i++) ask_spliced(&scene, length, ends[i], "");
  ask_spliced(&scene, length, scene.url, "");
  scene_end(&scene);
}

#define CANARY "the canary file, which no store may show"

/* A file beside the directory of the store, and beside the store in it. */
static void plant(struct trial *trial, const char *name) {
  char *path BS_AUTO_FREE = NULL;
  int fd;

  if (asprintf(&path, "%s/%s", trial->directory, name) < 0) trial_fail(trial, "There is not enough memory for the examination.");
  fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || !bs_file_write_all(fd, CANARY, strlen(CANARY)))
    trial_fail(trial, "%s cannot be written: %s", path, strerror(errno));
  close(fd);
}

/* At each slash: a step up and the rest, and one to six steps up to the canary. */
static void bear_climbing(struct trial *trial) {
  static const char *const steps[] = {"../", "%2e%2e/", "..%2f", "%2E%2E%2F", "..\\", "..;/", "./", "//", ".%00./"};
  struct scene scene;

  scene_begin(&scene, trial);
  plant(trial, "canary");
  plant(trial, "store1/canary");
  for (const char *slash = strchr(scene.url, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
    for (size_t i = 0; i < COUNT(steps); i++) {
      char climb[160] = "";
      size_t at = (size_t)(slash + 1 - scene.url);

      ask_spliced(&scene, at, steps[i], slash + 1);
      for (size_t used = 0; used < 6 * strlen(steps[i]); used = strlen(climb)) {
        snprintf(climb + used, sizeof climb - used, "%s", steps[i]);
        ask_spliced(&scene, at, climb, "canary");
      }
    }
  scene_end(&scene);
}

/* What is behind "SCHEME://" with each of these before it; and other spellings of all of it. */
static void bear_respelt(struct trial *trial) {
  static const char *const authorities[] = {"user:password@", "user@", ":@", "example.invalid/", "example.invalid:80/",
                                            "127.0.0.1:1/",   "[::1]:1/", ":80", "/", "x", "%2F", "?"};
  struct scene scene;
  const char *colon;
  size_t at, length;

  scene_begin(&scene, trial);
  colon = strstr(scene.url, "://");
  length = strlen(scene.url);
  at = colon != NULL ? (size_t)(colon + 3 - scene.url) : strcspn(scene.url, ":");
  for (size_t i = 0; i < COUNT(authorities); i++) ask_spliced(&scene, at, authorities[i], scene.url + at);
  ask_spliced(&scene, 0, " ", scene.url);
  ask_spliced(&scene, 0, "url:", scene.url);
  for (unsigned all = 0; all < 2; all++) {
    char *upper BS_AUTO_FREE = spliced(&scene, length, "", "");

    for (size_t i = all ? 0 : at; i < length; i++)
      if (upper[i] >= 'a' && upper[i] <= 'z') upper[i] = (char)(upper[i] - 'a' + 'A');
    ask_harmless(&scene, upper);
  }
  for (size_t i = at; i < length; i++) { /* each byte escaped */
    char escape[4];

    snprintf(escape, sizeof escape, "%%%02x", (unsigned char)scene.url[i]);
    ask_spliced(&scene, i, escape, scene.url + i + 1);
  }
  scene_end(&scene);
}

static void bear_long(struct trial *trial) {
  static const char letters[] = {'a', '/', '.', '%', '0', '?'};
  char filling[URL_MOST + 1] = "";
  struct scene scene;
  size_t length, scheme;

  scene_begin(&scene, trial);
  length = strlen(scene.url);
  scheme = strcspn(scene.url, ":");
  for (size_t i = 0; i < COUNT(letters); i++) {
    memset(filling, letters[i], URL_MOST);
    ask_harmless(&scene, filling);
    filling[length < URL_MOST ? URL_MOST - length : 0] = '\0';
    ask_spliced(&scene, length, filling, "");
    ask_spliced(&scene, length / 2, filling, scene.url + length / 2);
    ask_spliced(&scene, scheme, filling, scene.url + scheme);
  }
  scene_end(&scene);
}

/* Another store, with a record of its own under the same id, is asked for the first one's URL. */
static void keep_apart(struct trial *trial) {
  struct datum own AUTO_DATUM;
  enum blockstore_status status;
  struct scene scene;
  struct store other;
  struct output output;
  struct call call;

  scene_begin(&scene, trial);
  must_open(&other, trial, 2);
  datum_make(&own, trial, 80);
  must_put_mutable(&other, scene.id, 1, &own);
  must_hold_mutable(&other, scene.id, &own);
  call_begin(&call, &other);
  output_begin(&output, trial);
  status = store_get_mutable(&other, &call, &output, scene.url);
  if (output.candidates > 0 && !output_is(&output, &scene.record))
    trial_fail(trial, "get_mutable_handler of \"%s\", which is another store's, answered %s and wrote %zu bytes%s.",
               shown(scene.url), answer_text(&call, status), output.bytes.length,
               output_is(&output, &own) ? ", a record of its own" : "");
  output_end(&output);
  call_end(&call);
  store_close(&other);
  scene_end(&scene);
}

static const struct behaviour behaviours[] = {
    {"urls.foreign", "URLs of other drivers are UNHANDLED_URL", NEEDS_WRITES, refuse_foreign},
    {"urls.agree", "handles_url and get_mutable_handler agree on what is handled", NEEDS_WRITES, agree},
    {"urls.truncated", "a URL that was cut gives nothing but its record", NEEDS_WRITES, bear_truncated},
    {"urls.extended", "a URL with something behind it gives nothing but its record", NEEDS_WRITES, bear_extended},
    {"urls.climbing", "a URL with steps up gives nothing but its record", NEEDS_WRITES, bear_climbing},
    {"urls.respelt", "a URL with another host, user or spelling gives nothing but its record", NEEDS_WRITES, bear_respelt},
    {"urls.long", "a URL of 2048 bytes, the longest, does no harm", NEEDS_WRITES, bear_long},
    {"urls.apart", "a store has nothing of its own under the URL of another", NEEDS_WRITES | NEEDS_APART, keep_apart},
};
const struct group group_changed_urls = GROUP(behaviours);

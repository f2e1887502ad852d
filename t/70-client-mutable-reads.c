/* SPDX-License-Identifier: MIT */
/* What a get of mutable data believes and tells: bounds, the caller's check, floors, expiry, records and their documents. */
#include <config.h>

#include <time.h>

#include "core/codec/json.h"
#include "t/lib/mutable.h"

#define THREE_STORES \
  "stores: [{name: one, driver: disk, root: one}, {name: two, driver: disk, root: two}, {name: three, driver: disk, " \
  "root: three}]\n"

/* A reader who knows nothing finds version 3 in one store, 2 and 1 in the others. */
static void open_reader(struct world *reader, struct world *world) {
  struct bs_buffer first, second;

  open_with_name(world, THREE_STORES);
  put_id(world, ID, "first");
  first = keep_record(world, "one", ID);
  put_id(world, ID, "second");
  second = keep_record(world, "one", ID);
  put_id(world, ID, "third");
  replay_record(world, "two", ID, &second);
  replay_record(world, "three", ID, &first);
  bs_buffer_free(&first);
  bs_buffer_free(&second);
  open_device(reader, world, "state2", THREE_STORES);
}

static void the_newest_of_all_stores(void **state) {
  struct world reader;

  open_reader(&reader, *state);
  assert_reads(&reader, ID, "third", 3);
  close_world(&reader);
}

static void ver_min(void **state) {
  struct world reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;

  open_reader(&reader, *state);
  options.ver_min = 4;
  assert_read_refused(&reader, ID, &options, "stale", "below ver_min, 4");
  options.ver_min = 3;
  blockstore_record_free(get_with(&reader, ID, "third", &options));
  close_world(&reader);
}

/* What is passed over raises no floor; what is handed out does. */
static void ver_max(void **state) {
  struct world *world = *state, reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;

  open_reader(&reader, world);
  options.ver_max = 1;
  blockstore_record_free(get_with(&reader, ID, "first", &options));
  options.ver_max = 2;
  blockstore_record_free(get_with(&reader, ID, "second", &options));
  assert_call_says_of(&reader, "explain", NAME, ID, "\"ver\": 2");
  options.ver_max = 1;
  assert_read_refused(&reader, ID, &options, "stale", "older than version 2");
  lose_record(world, "one", ID);
  assert_reads(&reader, ID, "second", 2);
  options.ver_min = 2;
  options.ver_max = 1;
  assert_read_refused(&reader, ID, &options, "stale", "");
  close_world(&reader);
}

static void nothing_is_low_enough(void **state) {
  struct world *world = *state, reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "first");
  put_id(world, ID, "second");
  open_device(&reader, world, "state2", ONE_STORE);
  options.ver_max = 1;
  assert_read_refused(&reader, ID, &options, "not_found", "within the bounds");
  close_world(&reader);
}

/* ---- the caller's check ---- */

struct checking {
  const char *refuses;
  unsigned calls;
};

static int check(void *user, const struct blockstore_record *record, const void *data, size_t length) {
  struct checking *checking = user;

  checking->calls++;
  assert_string_equal(blockstore_record_name(record), NAME);
  assert_string_equal(blockstore_record_id(record), ID);
  assert_int_equal(blockstore_record_size(record), length);
  assert_int_equal(strlen(blockstore_record_z(record)), 64);
  assert_string_equal(blockstore_record_proven(record), "local");
  assert_non_null(blockstore_record_document(record));
  return length != strlen(checking->refuses) || memcmp(data, checking->refuses, length) != 0;
}

static void a_check_takes_the_next_lower_one(void **state) {
  struct world *world = *state, reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct checking checking = {"third", 0};
  struct blockstore_record *record;

  open_reader(&reader, world);
  options.ver_check = check;
  options.user = &checking;
  record = get_with(&reader, ID, "second", &options);
  assert_int_equal(blockstore_record_ver(record), 2);
  assert_string_equal(blockstore_record_store(record), "two");
  blockstore_record_free(record);
  assert_int_equal(checking.calls, 2);
  lose_record(world, "one", ID); /* its version was not believed: no floor stands there */
  assert_reads(&reader, ID, "second", 2);
  close_world(&reader);
}

static void a_check_does_not_go_below_the_floor(void **state) {
  struct world *world = *state, reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct checking checking = {"third", 0};

  open_reader(&reader, world);
  assert_reads(&reader, ID, "third", 3);
  options.ver_check = check;
  options.user = &checking;
  assert_read_refused(&reader, ID, &options, "stale", "older than version 3");
  checking.refuses = "none of them";
  blockstore_record_free(get_with(&reader, ID, "third", &options));
  close_world(&reader);
}

static int refuse_all(void *user, const struct blockstore_record *record, const void *data, size_t length) {
  unsigned *calls = user;

  (void)record, (void)data, (void)length;
  ++*calls;
  return 0;
}

static void a_check_may_refuse_all(void **state) {
  struct world reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  unsigned calls = 0;

  open_reader(&reader, *state);
  options.ver_check = refuse_all;
  options.user = &calls;
  assert_read_refused(&reader, ID, &options, "not_found", "within the bounds");
  assert_int_equal(calls, 3);
  close_world(&reader);
}

/* A store that gives both versions at once, together more than a record may have: the lower one's data are not kept, and never
 * handed out as if they were empty. */
static void data_that_were_not_kept_are_not_handed_out(void **state) {
  static const char stores[] = "stores: [{name: liar, driver: lying, root: liar, lie: both, about: mutable}]\nlimits: "
                               "{mutable_record: 2000}\n"; struct world *world = *state, reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  char text[1101] = "", *pattern = path_in(world->place, "liar/m*"), *other = path_in(world->place, "liar/other");
  unsigned calls = 0;
  glob_t found;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, "stores: [{name: liar, driver: lying, root: liar}]\nlimits: {mutable_record: 2000}\n");
  memset(text, '1', sizeof text - 1);
  put_id(world, ID, text);
  assert_int_equal(glob(pattern, 0, NULL, &found), 0);
  assert_int_equal(link(found.gl_pathv[0], other), 0);
  unlink(found.gl_pathv[0]);
  globfree(&found);
  memset(text, '2', sizeof text - 1);
  put_id(world, ID, text);
  open_device(&reader, world, "state2", stores);
  options.ver_max = 1;
  assert_read_refused(&reader, ID, &options, "too_large", "limits.mutable_record");
  options.ver_max = UINT64_MAX;
  options.ver_check = refuse_all;
  options.user = &calls;
  assert_read_refused(&reader, ID, &options, "too_large", "limits.mutable_record");
  assert_int_equal(calls, 1);
  assert_reads(&reader, ID, text, 2);
  close_world(&reader);
  free(pattern);
  free(other);
}

/* ---- floors ---- */

static void no_older_version_after_a_newer_one(void **state) {
  struct world *world = *state, reader;

  open_reader(&reader, world);
  assert_reads(&reader, ID, "third", 3);
  lose_record(world, "one", ID);
  assert_read_refused(&reader, ID, NULL, "stale", "older than version 3");
  close_world(&reader);
  open_device(&reader, world, "state2", THREE_STORES); /* nor after a restart */
  assert_read_refused(&reader, ID, NULL, "stale", "older than version 3");
  assert_call_says_of(&reader, "explain", NAME, ID, "It is older than a version that was seen before.");
  assert_int_equal(put_id(&reader, ID, "fourth"), 4);
  assert_reads(&reader, ID, "fourth", 4);
  close_world(&reader);
  assert_reads(world, ID, "fourth", 4);
}

/* The put counts as seen. */
static void what_was_written_was_seen(void **state) {
  struct world *world = *state;
  struct bs_buffer first;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "first");
  first = keep_record(world, "one", ID);
  put_id(world, ID, "second");
  replay_record(world, "one", ID, &first);
  assert_read_refused(world, ID, NULL, "stale", "older than version 2");
  assert_int_equal(put_id(world, ID, "third"), 3);
  bs_buffer_free(&first);
}

/* ---- two contents of one version, from two devices that could not see each other ---- */

#define ONLY_TWO "stores: [{name: two, driver: disk, root: two}]\n"

/* "ours" in one, "theirs" in two, both of version 2. */
static void make_dispute(struct world *world, struct world *device) {
  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  open_session(world, ONE_STORE);
  assert_int_equal(put_id(world, ID, "ours"), 2);
  open_device(device, world, "state2", ONLY_TWO);
  assert_int_equal(put_id(device, ID, "theirs"), 2);
  close_world(device);
  open_session(world, TWO_STORES);
}

static void take_z(char z[65], struct world *world, const char *state, const char *stores, const char *text) {
  struct world device;
  struct blockstore_record *record;

  open_device(&device, world, state, stores);
  record = get_with(&device, ID, text, NULL);
  memcpy(z, blockstore_record_z(record), 65);
  blockstore_record_free(record);
  close_world(&device);
}

static void assert_evidence(const struct world *world, const char *state, size_t count) {
  char *pattern = NULL;
  glob_t found;

  assert_true(asprintf(&pattern, "%s/%s/evidence-*.json", world->place, state) >= 0);
  assert_int_equal(glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0, count);
  globfree(&found);
  free(pattern);
}

static void a_new_reader_is_told_of_a_dispute(void **state) {
  struct world *world = *state, device, reader;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct blockstore_record *record;
  char ours[65], theirs[65];

  make_dispute(world, &device);
  take_z(ours, world, "state4", ONE_STORE, "ours");
  take_z(theirs, world, "state5", ONLY_TWO, "theirs");
  open_device(&reader, world, "state3", TWO_STORES);
  assert_read_refused(&reader, ID, NULL, "conflict", "Two contents were signed for one version, 2");
  assert_evidence(world, "state3", 1);
  options.z = theirs;
  record = get_with(&reader, ID, "theirs", &options);
  assert_string_equal(blockstore_record_z(record), theirs);
  assert_says(blockstore_record_conflicts(record), ours);
  blockstore_record_free(record);
  options.z = ours;
  blockstore_record_free(get_with(&reader, ID, "ours", &options));
  assert_read_refused(&reader, ID, NULL, "conflict", "Two contents"); /* a choice is no belief */
  options.z = "12";
  assert_read_refused(&reader, ID, &options, "usage", "64 lower-case");
  assert_evidence(world, "state3", 1);
  close_world(&reader);
}

static void who_saw_one_first_keeps_it(void **state) {
  struct world *world = *state, device;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct blockstore_record *record;
  char theirs[65];

  make_dispute(world, &device);
  take_z(theirs, world, "state5", ONLY_TWO, "theirs");
  record = get_with(world, ID, "ours", NULL);
  assert_says(blockstore_record_conflicts(record), theirs);
  assert_evidence(world, "state", 1);
  blockstore_record_free(record);
  options.z = theirs;
  blockstore_record_free(get_with(world, ID, "theirs", &options));
  assert_reads(world, ID, "ours", 2);
  open_device(&device, world, "state2", TWO_STORES);
  assert_reads(&device, ID, "theirs", 2);
  lose_record(world, "two", ID);
  assert_read_refused(&device, ID, NULL, "conflict", "Two contents");
  assert_int_equal(put_id(&device, ID, "settled"), 3);
  close_world(&device);
  assert_reads(world, ID, "settled", 3);
}

/* ---- expiry ---- */

static void what_has_expired_is_not_handed_out(void **state) {
  struct world *world = *state, reader;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_record *record;
  struct bs_buffer first;

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  first = keep_record(world, "one", ID);
  options.expires = (uint64_t)time(NULL) + 1000;
  assert_done(put_with(world, NULL, ID, "second", &options, &error));
  record = get_with(world, ID, "second", NULL);
  assert_int_equal(blockstore_record_expires(record), options.expires);
  blockstore_record_free(record);
  options.expires = (uint64_t)time(NULL);
  assert_done(put_with(world, NULL, ID, "third", &options, &error));
  replay_record(world, "two", ID, &first);
  assert_read_refused(world, ID, NULL, "expired", "newest version, 3, has expired");
  open_device(&reader, world, "state2", TWO_STORES);
  assert_read_refused(&reader, ID, NULL, "expired", "newest version, 3, has expired");
  lose_record(world, "one", ID); /* it was remembered all the same */
  assert_read_refused(&reader, ID, NULL, "stale", "older than version 3");
  assert_int_equal(put_id(&reader, ID, "fourth"), 4);
  assert_reads(&reader, ID, "fourth", 4);
  close_world(&reader);
  bs_buffer_free(&first);
}

/* ---- what a record says ---- */

static void assert_strict(const char *document) {
  const struct bs_json_limits limits = {SIZE_MAX, 64};
  struct bs_json root, key, value;
  struct bs_json_iterator iterator;
  struct bs_error error = {0};
  char last[64] = "", next[64];

  assert_ok(bs_json_scan(&root, document, strlen(document), &limits, &error));
  iterator = bs_json_begin(root);
  while (bs_json_next_member(&iterator, &key, &value)) {
    snprintf(next, sizeof next, "%.*s", (int)key.length, key.text);
    assert_true(strcmp(last, next) < 0);
    memcpy(last, next, sizeof last);
  }
}

static void the_record_says_all(void **state) {
  struct world *world = *state, reader;
  struct blockstore_record *record;
  const char *address;

  open_reader(&reader, world);
  record = get_with(&reader, ID, "third", NULL);
  address = blockstore_key_address(world->key, BLOCKSTORE_NETWORK_MAIN);
  assert_string_equal(blockstore_record_name(record), NAME);
  assert_string_equal(blockstore_record_id(record), ID);
  assert_null(blockstore_record_key(record));
  assert_int_equal(blockstore_record_ver(record), 3);
  assert_int_equal(blockstore_record_size(record), 5);
  assert_int_equal(blockstore_record_expires(record), 0);
  assert_string_equal(blockstore_record_store(record), "one");
  assert_string_equal(blockstore_record_proven(record), "local");
  assert_int_equal(strlen(blockstore_record_z(record)), 64);
  assert_int_equal(strncmp(blockstore_record_sig(record), "v2:", 3), 0);
  assert_int_equal(strlen(blockstore_record_sig(record)), 91);
  assert_string_equal(blockstore_record_signer(record), address);
  assert_says(blockstore_record_route(record), "\"id\": \"" ID "\"");
  assert_string_equal(blockstore_record_conflicts(record), "[]");
  assert_says(blockstore_record_explanation(record), "\"store\": \"three\"");
  assert_says(blockstore_record_explanation(record), "It is older than another store's.");
  assert_strict(blockstore_record_document(record));
  blockstore_record_free(record);
  close_world(&reader);
}

static void first_seen_is_told_once(void **state) {
  struct world *world = *state, reader;
  struct blockstore_record *record;

  open_reader(&reader, world);
  record = get_with(&reader, ID, "third", NULL);
  assert_int_equal(blockstore_record_first_seen(record), 1);
  assert_says(blockstore_record_document(record), "\"first_seen\": true");
  assert_says(blockstore_record_document(record), "\"warning\": \"");
  blockstore_record_free(record);
  record = get_with(&reader, ID, "third", NULL);
  assert_int_equal(blockstore_record_first_seen(record), 0);
  assert_null(strstr(blockstore_record_document(record), "warning"));
  blockstore_record_free(record);
  record = get_with(world, ID, "third", NULL); /* the writer has seen it */
  assert_int_equal(blockstore_record_first_seen(record), 0);
  blockstore_record_free(record);
  close_world(&reader);
}

static void explain_changes_nothing(void **state) {
  struct world *world = *state, reader;
  struct blockstore_record *record;

  open_reader(&reader, world);
  assert_call_says_of(&reader, "explain", NAME, ID, "\"believed\": true");
  assert_call_says_of(&reader, "explain", NAME, ID, "\"seen_before\": null");
  assert_call_says_of(&reader, "explain", NAME, "other", "\"code\": \"not_found\"");
  assert_call_says_of(&reader, "explain", NAME, "other", "\"route\": null");
  record = get_with(&reader, ID, "third", NULL);
  assert_int_equal(blockstore_record_first_seen(record), 1);
  blockstore_record_free(record);
  close_world(&reader);
}

static void documents_hold_the_data(void **state) {
  static const char binary[] = {0, (char)255};
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(100);
  struct blockstore_input *input = blockstore_input_from_memory(binary, sizeof binary);
  struct blockstore_record *record = NULL;
  char *json = NULL;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "te\"xt");
  assert_done(blockstore_get_mutable(world->session, output, &record, NAME, ID, NULL, &error));
  assert_done(blockstore_record_document_with_data(record, output, &json, &error));
  assert_strict(json);
  assert_says(json, "\"data\": \"te\\\"xt\"");
  blockstore_free(json);
  blockstore_record_free(record);
  assert_done(blockstore_put_mutable(world->session, NULL, NAME, ID, input, world->key, NULL, &error));
  assert_done(blockstore_get_mutable(world->session, output, &record, NAME, ID, NULL, &error));
  assert_done(blockstore_record_document_with_data(record, output, &json, &error));
  assert_strict(json);
  assert_says(json, "\"data_base64\": \"AP8=\"");
  blockstore_free(json);
  blockstore_record_free(record);
  blockstore_input_free(input);
  blockstore_output_free(output);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(the_newest_of_all_stores),
      in_world(ver_min),
      in_world(ver_max),
      in_world(nothing_is_low_enough),
      in_world(a_check_takes_the_next_lower_one),
      in_world(a_check_does_not_go_below_the_floor),
      in_world(a_check_may_refuse_all),
      in_world(data_that_were_not_kept_are_not_handed_out),
      in_world(no_older_version_after_a_newer_one),
      in_world(what_was_written_was_seen),
      in_world(a_new_reader_is_told_of_a_dispute),
      in_world(who_saw_one_first_keeps_it),
      in_world(what_has_expired_is_not_handed_out),
      in_world(the_record_says_all),
      in_world(first_seen_is_told_once),
      in_world(explain_changes_nothing),
      in_world(documents_hold_the_data),
  };

  return RUN_TESTS(tests);
}

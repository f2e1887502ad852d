/* SPDX-License-Identifier: MIT */
/* Mutable data when memory runs out, at each allocation in turn: an error, no version with two contents, nothing is leaked, and
 * the same call works once there is memory. */
#include <config.h>

#include <dirent.h>

#include "t/lib/client.h"
#include "t/lib/memory.h"

#define NOTES "notes"

static struct world *world;
static unsigned number;   /* of the texts and ids, so that each put has its own */
static uint64_t last_ver; /* of NOTES */
static bool checks;       /* gets have a ver_check */

/* Runs with all the memory there is; what was allowed before is allowed again behind it. */
#define AT_EASE(statement)   \
  do {                       \
    unsigned kept_ = left;   \
    left = UINT_MAX;         \
    statement;               \
    left = kept_;            \
  } while (0)

/* Ended it with the word that is due (NULL: with success)?  If not, the error is complete and speaks of memory: as its
 * word, as the reason of a store, or because there was none for the document of the error that is due. */
static bool ended(enum blockstore_result result, struct blockstore_error **ret_said, const char *due, struct bs_error *error) {
  struct blockstore_error *said = *ret_said;
  const char *document = result == BLOCKSTORE_DONE ? "" : blockstore_error_document(said);
  bool is_undocumented = strstr(document, "\"no_memory\"") != NULL;
  bool good = result == BLOCKSTORE_DONE ? due == NULL : due != NULL && strcmp(blockstore_error_word(said), due) == 0 &&
              !is_undocumented;

  if (!good) {
    assert_non_null(said);
    assert_int_equal(blockstore_error_result(said), result);
    if (strstr(blockstore_error_message(said), "memory") == NULL && !is_undocumented)
      fail_msg("%s", blockstore_error_message(said));
    bs_fail_memory(error);
  }
  blockstore_error_free(said);
  return good;
}

/* The file in the state directory whose name begins like that goes; was there one? */
static bool remove_state(const char *prefix) {
  char *directory = path_in(world->place, "state");
  DIR *opened = opendir(directory);
  struct dirent *entry;
  bool any = false;

  assert_non_null(opened);
  while ((entry = readdir(opened)) != NULL)
    if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
      assert_int_equal(unlinkat(dirfd(opened), entry->d_name, 0), 0);
      any = true;
    }
  closedir(opened);
  free(directory);
  return any;
}

/* Whatever was seen before is forgotten, and what was reserved. */
static void forget_all(void) {
  close_world(world);
  remove_state("state.db");
  open_session(world, TWO_STORES);
}

/* *ret_ver: of the receipt, where there is one. */
static bool put(uint64_t *ret_ver, const char *id, const char *text, uint64_t expires, struct bs_error *error) {
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;
  bool good;

  options.expires = expires;
  good = ended(blockstore_put_mutable(world->session, &receipt, NAME, id, input, world->key, &options, &said), &said,
               NULL, error);
  assert_true(good == (receipt != NULL));
  if (good) *ret_ver = blockstore_receipt_ver(receipt);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return good;
}

static void put_now(const char *id, const char *text, uint64_t expires, uint64_t ver) {
  struct bs_error error = {0};
  uint64_t written = 0;

  assert_ok(put(&written, id, text, expires, &error));
  assert_int_equal(written, ver);
}

static bool delete(const char *id, struct bs_error *error) {
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;
  bool good = ended(blockstore_delete_mutable(world->session, &receipt, NAME, id, world->key, NULL, &said), &said, NULL, error);

  assert_true(good == (receipt != NULL));
  blockstore_receipt_free(receipt);
  return good;
}

static int accept_all(void *user, const struct blockstore_record *record, const void *data, size_t length) {
  (void)user, (void)record, (void)data, (void)length;
  return 1;
}

/* due: the word of its failure; NULL: it must give `text`. */
static bool get(const char *id, const char *text, uint64_t ver, const char *due, struct bs_error *error) {
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct blockstore_output *output = blockstore_output_to_memory(100);
  struct blockstore_record *record = NULL;
  struct blockstore_error *said = NULL;
  size_t length = 0;
  bool good;

  if (checks) options.ver_check = accept_all;
  good = ended(blockstore_get_mutable(world->session, output, &record, NAME, id, &options, &said), &said, due, error);

  assert_true((good && due == NULL) == (record != NULL));
  if (record != NULL) {
    assert_int_equal(blockstore_record_ver(record), ver);
    assert_string_equal(blockstore_output_bytes(output, &length), text);
  }
  blockstore_record_free(record);
  blockstore_output_free(output);
  return good;
}

static bool ask(const char *method, const char *first, const char *second, const char *like, struct bs_error *error) {
  const char *const arguments[] = {first, second};
  struct blockstore_error *said = NULL;
  char *json = NULL;
  bool good = ended(blockstore_call_method(world->session, &json, method, arguments, first == NULL ? 0 : 2, NULL,
                                           &said), &said, NULL, error);

  assert_true(good == (json != NULL));
  if (good && strstr(json, like) == NULL) fail_msg("%s", json);
  blockstore_free(json);
  return good;
}

static void assert_nothing_pending(void) {
  struct bs_error error = {0};

  assert_ok(ask("pending", NULL, NULL, "\"versions\": []", &error));
  assert_ok(ask("pending", NULL, NULL, "\"user_records\": []", &error));
}

/* After a put that failed: the same again writes that version; or the next, when all failed that came behind it. */
static void put_again(const char *id, const char *text, uint64_t *ver) {
  struct bs_error error = {0};
  uint64_t due = *ver;

  assert_ok(put(ver, id, text, 0, &error));
  assert_in_range(*ver, due, due + 1);
  assert_ok(get(id, text, *ver, NULL, &error));
  assert_nothing_pending();
}

static bool put_first_once(struct bs_error *error) {
  uint64_t ver = 1;
  char id[16];
  bool good;

  snprintf(id, sizeof id, "%u", number++);
  good = put(&ver, id, "the first", 0, error);
  assert_int_equal(ver, 1);
  if (!good) AT_EASE(put_again(id, "the first", &ver));
  return good;
}

static bool put_further_once(struct bs_error *error) {
  uint64_t ver = ++last_ver;
  char text[16];
  bool good;

  snprintf(text, sizeof text, "%u", number++);
  good = put(&last_ver, NOTES, text, 0, error);
  assert_int_equal(last_ver, ver);
  if (!good) AT_EASE(put_again(NOTES, text, &last_ver));
  return good;
}

static void delete_again(void) {
  struct bs_error error = {0};

  assert_ok(delete(NOTES, &error));
  assert_ok(get(NOTES, NULL, 0, "deleted", &error));
  assert_nothing_pending();
}

static void put_for_deletion(void) {
  struct bs_error error = {0};

  assert_ok(put(&last_ver, NOTES, "not for long", 0, &error));
}

static bool delete_once(struct bs_error *error) {
  bool good;

  AT_EASE(put_for_deletion());
  good = delete(NOTES, error);
  AT_EASE(delete_again());
  return good;
}

static bool get_first_once(struct bs_error *error) {
  AT_EASE(forget_all());
  return get(NOTES, "text", 1, NULL, error);
}

static bool get_again_once(struct bs_error *error) {
  return get(NOTES, "text", 1, NULL, error);
}

static bool get_expired_once(struct bs_error *error) {
  AT_EASE(forget_all());
  return get("expired", NULL, 0, "expired", error);
}

/* The evidence is kept before the conflict is told. */
static bool get_disputed_once(struct bs_error *error) {
  bool good, kept;

  AT_EASE(forget_all());
  good = get("disputed", NULL, 0, "conflict", error);
  AT_EASE(kept = remove_state("evidence-"));
  assert_true(kept || !good);
  return good;
}

/* Who saw one of the two before gets that one. */
static bool get_settled_once(struct bs_error *error) {
  bool good = get("disputed", "another", 1, NULL, error), kept;

  AT_EASE(kept = remove_state("evidence-"));
  assert_true(kept || !good);
  return good;
}

static bool explain_once(struct bs_error *error) {
  return ask("explain", NAME, "disputed", "\"code\": \"conflict\"", error);
}

static bool pending_once(struct bs_error *error) {
  return ask("pending", NULL, NULL, "\"ver\": 2", error);
}

/* "disputed" has two contents in its first version, one in each store. */
static void make_dispute(void) {
  put_now("disputed", "text", 0, 1);
  move(world, "one/mutable", "gone");
  move(world, "two/mutable", "kept");
  forget_all();
  put_now("disputed", "another", 0, 1);
  move(world, "two/mutable", "gone-too");
  move(world, "kept", "two/mutable");
}

/* A put that has reserved its version, and of its stores one can't be opened. */
static void leave_pending(void) {
  struct blockstore_input *input = blockstore_input_from_memory("x", 1);

  close_world(world);
  move(world, "two", "two-elsewhere");
  write_file(world->place, "two", "a file", 6);
  open_session(world, TWO_STORES "replication: {write: {at_least: 2}}\n");
  assert_refused(blockstore_put_mutable(world->session, NULL, NAME, NOTES, input, world->key, NULL, &error), "too_few", "two");
  blockstore_input_free(input);
}

static void begin(void **state) {
  world = *state;
  number = 0;
  checks = false;
  open_with_name(world, TWO_STORES);
  put_now(NOTES, "text", 0, 1);
  last_ver = 1;
}

static void putting_the_first(void **state) {
  begin(state);
  assert_each_failure_is_said(put_first_once, 60);
}

static void putting_a_further_one(void **state) {
  begin(state);
  assert_each_failure_is_said(put_further_once, 60);
}

static void deleting(void **state) {
  begin(state);
  assert_each_failure_is_said(delete_once, 60);
}

static void getting(void **state) {
  begin(state);
  assert_each_failure_is_said(get_first_once, 30);
  assert_each_failure_is_said(get_again_once, 30);
}

static void getting_with_a_check(void **state) {
  begin(state);
  checks = true;
  assert_each_failure_is_said(get_again_once, 30);
}

static void getting_what_expired(void **state) {
  begin(state);
  put_now("expired", "text", 1, 1);
  assert_each_failure_is_said(get_expired_once, 30);
}

static void getting_two_contents(void **state) {
  begin(state);
  make_dispute();
  assert_each_failure_is_said(get_disputed_once, 30);
  assert_each_failure_is_said(explain_once, 30);
}

static void getting_what_was_seen_of_two(void **state) {
  begin(state);
  make_dispute();
  assert_each_failure_is_said(get_settled_once, 30);
}

static void asking_what_is_pending(void **state) {
  begin(state);
  leave_pending();
  assert_each_failure_is_said(pending_once, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(putting_the_first), in_world(putting_a_further_one), in_world(deleting),
      in_world(getting),           in_world(getting_with_a_check),  in_world(getting_what_expired),
      in_world(getting_two_contents), in_world(getting_what_was_seen_of_two), in_world(asking_what_is_pending),
  };

  return RUN_TESTS(tests);
}

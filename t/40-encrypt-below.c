/* SPDX-License-Identifier: MIT */
/* The filter encrypt above a store in the test's hand: what that is told and asked, and what is made of its answers. */
#include <config.h>

#include <fcntl.h>

#include "t/lib/driver-host.h"

#define FIRST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define SECOND "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f\n"
#define KEY "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define ID "0a8ce26f:alice.id:status"
#define TXID "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
#define MARK "be3563ccfbb0bfb615e76cc7f9b4447cb7385e76"
#define HIDDEN "c045d537649cf0d309dbe4ad856a73fc26075e9a"                                /* KEY under FIRST */
#define HIDDEN_ID "e-5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f37641244" /* ID under FIRST */

/* ---- the store: objects by what it is told ---- */

static struct object {
  char name[128];
  unsigned char bytes[1024];
  size_t length;
} objects[8];
static char story[4096];     /* each call */
static const char *bad_call; /* the beginning of the calls that answer `bad_answer` */
static enum blockstore_status bad_answer;
static bool lacks_aloud; /* to delete what is not there is NOT_FOUND */
static struct object planted; /* by another writer, just before a mark is put; without a name: none */

static struct object *find(const char *name) {
  for (size_t i = 0; i < 8; i++)
    if (strcmp(objects[i].name, name) == 0) return &objects[i];
  return NULL;
}

static struct object *must(const char *name) {
  struct object *object = find(name);

  if (object == NULL) fail_msg("The store does not have %s.", name);
  return object != NULL ? object : objects;
}

static enum blockstore_status tell(struct blockstore_call *call, const char *what, const char *name) {
  char line[160];

  snprintf(line, sizeof line, "%s %s\n", what, name);
  memccpy(story + strlen(story), line, '\0', sizeof story - strlen(story));
  if (planted.name[0] != '\0' && strcmp(what, "put") == 0 && strcmp(name, MARK) == 0) objects[7] = planted;
  if (bad_call == NULL || strncmp(line, bad_call, strlen(bad_call)) != 0) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, bad_answer, "The store does not want to.");
}

static enum blockstore_status put(const char *name, const struct blockstore_source *source) {
  struct object *object = find(name);

  if (object == NULL) object = must("");
  assert_true(source->size <= sizeof object->bytes);
  snprintf(object->name, sizeof object->name, "%s", name);
  object->length = (size_t)source->size;
  return source->read_at(source, object->bytes, object->length, 0);
}

static enum blockstore_status get(const char *name, struct blockstore_sink *sink) {
  struct object *object = find(name);

  return object == NULL ? BLOCKSTORE_STATUS_NOT_FOUND : blockstore_give(sink, object->bytes, object->length);
}

static enum blockstore_status below_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                  const struct blockstore_source *data, const char *txid) {
  enum blockstore_status status = tell(call, "put", key);

  assert_null(self);
  assert_null(txid);
  return status == BLOCKSTORE_STATUS_OK ? put(key, data) : status;
}

static enum blockstore_status below_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  enum blockstore_status status = tell(call, "put_mutable", data_id);

  assert_null(self);
  assert_int_equal(version, 7);
  assert_string_equal(signature, "");
  return status == BLOCKSTORE_STATUS_OK ? put(data_id, record) : status;
}

static enum blockstore_status below_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                                  const char *key) {
  enum blockstore_status status = tell(call, "get", key);

  (void)self;
  return status == BLOCKSTORE_STATUS_OK ? get(key, sink) : status;
}

static enum blockstore_status below_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                                const char *url) {
  enum blockstore_status status = tell(call, "get_mutable", url);

  (void)self;
  return status == BLOCKSTORE_STATUS_OK ? get(strrchr(url, '/') + 1, sink) : status;
}

static enum blockstore_status below_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                                     const char *data_id) {
  char url[128];

  (void)self, (void)call;
  return blockstore_give(sink, url, (size_t)snprintf(url, sizeof url, "mine://x/%s", data_id));
}

static enum blockstore_status below_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                     const char *txid) {
  enum blockstore_status status = tell(call, "delete", key);

  (void)self;
  assert_null(txid);
  if (status == BLOCKSTORE_STATUS_OK && lacks_aloud && find(key) == NULL) return BLOCKSTORE_STATUS_NOT_FOUND;
  if (status == BLOCKSTORE_STATUS_OK && find(key) != NULL) must(key)->name[0] = '\0';
  return status;
}

static enum blockstore_status below_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                   const char *signature) {
  (void)self;
  assert_string_equal(signature, "");
  return tell(call, "delete_mutable", data_id);
}

static enum blockstore_status below_check(void *self, struct blockstore_call *call, struct blockstore_sink *sink) {
  (void)self;
  tell(call, "check", "");
  return blockstore_give(sink, "{}", 2);
}

static const struct blockstore_driver below = {.make_mutable_url = below_make_mutable_url,
                                               .get_immutable_handler = below_get_immutable,
                                               .get_mutable_handler = below_get_mutable,
                                               .put_immutable_handler = below_put_immutable,
                                               .put_mutable_handler = below_put_mutable,
                                               .delete_immutable_handler = below_delete_immutable,
                                               .delete_mutable_handler = below_delete_mutable,
                                               .check = below_check};
static const struct blockstore_next next = {sizeof next, sizeof below, &below, NULL};

/* ---- the filter ---- */

static const struct blockstore_driver *filter;
static void *self;
static struct host_call call;
static char *directory;

static void open_filter(const char *keys, const char *mark) {
  static char path[4096]; /* settings stay until it is closed */
  const struct host_setting rows[] = {{"key_file", path}, {"mark", mark}, {NULL, NULL}};
  struct blockstore_settings settings = {rows};
  int fd;

  snprintf(path, sizeof path, "%s/keys", directory);
  fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0 && write(fd, keys, strlen(keys)) == (ssize_t)strlen(keys));
  close(fd);
  host_call_init(&call);
  if (filter->storage_init(&self, &call.call, &settings, &next) != BLOCKSTORE_STATUS_OK) fail_msg("%s", call.sentence);
  story[0] = '\0';
}

static void close_filter(void) {
  if (self != NULL) filter->storage_close(self, &call.call);
  self = NULL;
}

static int set_up(void **state) {
  (void)state;
  filter = host_load("encrypt");
  directory = host_directory();
  memset(objects, 0, sizeof objects);
  planted.name[0] = '\0';
  bad_call = NULL;
  lacks_aloud = false;
  self = NULL;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  close_filter();
  host_directory_remove(directory);
  return 0;
}

static enum blockstore_status put_hello(void) {
  struct host_source source;

  host_source_init(&source, "hello", 5);
  return filter->put_immutable_handler(self, &call.call, KEY, &source.source, TXID);
}

static enum blockstore_status put_record(void) {
  struct host_source source;

  host_source_init(&source, "record", 6);
  return filter->put_mutable_handler(self, &call.call, ID, 7, "v2:signature", &source.source);
}

/* The status; with OK it is `expected`. */
static enum blockstore_status get_hello(void) {
  struct host_sink sink;
  enum blockstore_status status;

  host_sink_init(&sink);
  status = filter->get_immutable_handler(self, &call.call, &sink.sink, KEY);
  if (status == BLOCKSTORE_STATUS_OK) assert_string_equal((char *)sink.bytes, "hello");
  host_sink_free(&sink);
  return status;
}

static enum blockstore_status get_record(const char *url) {
  struct host_sink sink;
  enum blockstore_status status;

  host_sink_init(&sink);
  status = filter->get_mutable_handler(self, &call.call, &sink.sink, url);
  if (status == BLOCKSTORE_STATUS_OK) assert_string_equal((char *)sink.bytes, "record");
  host_sink_free(&sink);
  return status;
}

#define STORY(expected) (assert_string_equal(story, expected), story[0] = '\0')

/* ---- tests ---- */

static void the_store_is_told_no_more_than_it_needs(void **state) {
  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  STORY("get " MARK "\nput " MARK "\nput " HIDDEN "\n");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  STORY("put " HIDDEN "\nput_mutable " HIDDEN_ID "\n");
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(get_record("mine://x/" HIDDEN_ID), BLOCKSTORE_STATUS_OK);
  STORY("get " HIDDEN "\nget_mutable mine://x/" HIDDEN_ID "\n");
  assert_int_equal(filter->delete_immutable_handler(self, &call.call, KEY, TXID), BLOCKSTORE_STATUS_OK);
  assert_int_equal(filter->delete_mutable_handler(self, &call.call, ID, "v2:signature"), BLOCKSTORE_STATUS_OK);
  STORY("delete " HIDDEN "\ndelete_mutable " HIDDEN_ID "\n");
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_NOT_FOUND);
  STORY("get " HIDDEN "\n");
}

static void what_the_store_answers_is_handed_on(void **state) {
  static const enum blockstore_status answers[] = {BLOCKSTORE_STATUS_DENIED,   BLOCKSTORE_STATUS_NO_SPACE,
                                                   BLOCKSTORE_STATUS_CONFLICT, BLOCKSTORE_STATUS_TRANSIENT,
                                                   BLOCKSTORE_STATUS_FAILED,   BLOCKSTORE_STATUS_UNSUPPORTED};

  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    bad_call = "";
    bad_answer = answers[i];
    assert_int_equal(put_hello(), answers[i]);
    assert_int_equal(put_record(), answers[i]);
    assert_int_equal(get_hello(), answers[i]);
    assert_int_equal(get_record("mine://x/" HIDDEN_ID), answers[i]);
    assert_int_equal(filter->delete_immutable_handler(self, &call.call, KEY, NULL), answers[i]);
    assert_string_equal(call.sentence, "The store does not want to.");
  }
}

static void what_cannot_be_read_of_the_data_is_handed_on(void **state) {
  struct host_source source;

  (void)state;
  open_filter(FIRST, "true");
  host_source_init(&source, "hello", 5);
  source.fail_at = 5;
  source.fail_with = BLOCKSTORE_STATUS_CANCELLED;
  assert_int_equal(filter->put_immutable_handler(self, &call.call, KEY, &source.source, NULL), BLOCKSTORE_STATUS_CANCELLED);
  STORY("get " MARK "\nput " MARK "\n");
  atomic_store(&call.looks, 0);
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_CANCELLED);
  STORY("");
}

static void the_mark_is_looked_for_before_absence_is_believed(void **state) {
  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_NOT_FOUND);
  STORY("get " HIDDEN "\nget " MARK "\n");
  bad_call = "get " MARK;
  bad_answer = BLOCKSTORE_STATUS_TRANSIENT;
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_TRANSIENT);
  bad_answer = BLOCKSTORE_STATUS_UNSUPPORTED;
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_NOT_FOUND);
  bad_call = "put " MARK;
  bad_answer = BLOCKSTORE_STATUS_NO_SPACE;
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_NO_SPACE);
  assert_null(find(HIDDEN_ID));
  bad_call = NULL;
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  close_filter();

  open_filter(SECOND, "true"); /* a wrong key */
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "The store is encrypted with the key 35c3db0390feefcf, which"));
  story[0] = '\0';
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(filter->delete_immutable_handler(self, &call.call, KEY, NULL), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(filter->delete_mutable_handler(self, &call.call, ID, "x"), BLOCKSTORE_STATUS_FAILED);
  STORY("get " MARK "\nget " MARK "\nget " MARK "\nget " MARK "\n");
  assert_int_equal(get_record("mine://x/" HIDDEN_ID), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "was encrypted with the key 35c3db0390feefcf, which"));
  close_filter();

  open_filter(SECOND, "false"); /* and nobody looks */
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  assert_null(strstr(story, MARK));
}

/* Another writer was quicker: its mark is as good if it has a key of ours. */
static void a_mark_may_come_from_another(void **state) {
  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  close_filter();
  planted = *must(MARK);
  must(MARK)->name[0] = '\0';
  bad_call = "put " MARK;
  bad_answer = BLOCKSTORE_STATUS_CONFLICT;
  open_filter(SECOND FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  close_filter();
  must(MARK)->name[0] = '\0';
  open_filter(SECOND, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "The store is encrypted with the key 35c3db0390feefcf"));
  must(MARK)->name[0] = planted.name[0] = '\0';
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_TRANSIENT); /* and is gone again */
  assert_non_null(strstr(call.sentence, "mark was changed meanwhile"));
}

static void another_key_moves_the_mark(void **state) {
  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  close_filter();
  open_filter(SECOND FIRST, "true");
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(get_record("mine://x/" HIDDEN_ID), BLOCKSTORE_STATUS_OK);
  assert_null(strstr(story, MARK));
  story[0] = '\0';
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  STORY("get " MARK "\ndelete " MARK "\nput " MARK "\nput_mutable " HIDDEN_ID "\n");
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  STORY("put_mutable " HIDDEN_ID "\n");
  close_filter();
  open_filter(FIRST, "true"); /* one who does not have it yet */
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_OK);
}

static void a_store_that_cannot_delete_keeps_its_mark(void **state) {
  static const enum blockstore_status answers[] = {BLOCKSTORE_STATUS_UNSUPPORTED, BLOCKSTORE_STATUS_DENIED};

  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  close_filter();
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    open_filter(SECOND FIRST, "true");
    bad_call = "delete " MARK;
    bad_answer = answers[i];
    assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
    story[0] = '\0';
    assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
    STORY("put_mutable " HIDDEN_ID "\n");
    close_filter();
  }
  open_filter(SECOND FIRST, "true");
  bad_answer = BLOCKSTORE_STATUS_TRANSIENT; /* but it may be able later */
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_TRANSIENT);
}

static void older_names_are_looked_under_and_deleted(void **state) {
  struct object *object;

  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  close_filter();
  open_filter(SECOND FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  for (object = objects; strcmp(object->name, HIDDEN) == 0 || strcmp(object->name, MARK) == 0;) object++;
  assert_int_not_equal(object->name[0], '\0');
  object->bytes[100] ^= 1; /* what the newer key wrote is damaged */
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_OK);
  must(HIDDEN)->bytes[100] ^= 1;
  assert_int_equal(get_hello(), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "cannot be decrypted"));
  assert_int_equal(filter->delete_immutable_handler(self, &call.call, KEY, NULL), BLOCKSTORE_STATUS_OK);
  assert_null(find(HIDDEN));
  assert_int_equal(object->name[0], '\0');
}

static void a_store_that_lacks_one_name_is_asked_for_the_others(void **state) {
  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_hello(), BLOCKSTORE_STATUS_OK);
  close_filter();
  open_filter(SECOND FIRST, "true");
  lacks_aloud = true;
  assert_int_equal(filter->delete_immutable_handler(self, &call.call, KEY, NULL), BLOCKSTORE_STATUS_OK);
  assert_null(find(HIDDEN));
  assert_int_equal(filter->delete_immutable_handler(self, &call.call, KEY, NULL), BLOCKSTORE_STATUS_NOT_FOUND);
}

static void a_url_tells_whose_record_it_is(void **state) {
  char url[128];

  (void)state;
  open_filter(FIRST, "true");
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(get_record("mine://elsewhere/any/" HIDDEN_ID), BLOCKSTORE_STATUS_OK);
  snprintf(must(HIDDEN_ID)->name, 128, "e-%064d", 0);
  snprintf(url, sizeof url, "mine://x/e-%064d", 0);
  assert_int_equal(get_record(url), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "it is another object than was asked for"));
  snprintf(objects[1].name, 128, "opaque"); /* of a URL that tells nothing, the record's own id does */
  assert_int_equal(get_record("mine://x/opaque"), BLOCKSTORE_STATUS_OK);
}

static void the_check_sees_a_wrong_key(void **state) {
  struct host_sink sink;

  (void)state;
  host_sink_init(&sink);
  open_filter(FIRST, "true");
  assert_int_equal(filter->check(self, &call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_int_equal(put_record(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(filter->check(self, &call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  close_filter();
  open_filter(SECOND, "true");
  assert_int_equal(filter->check(self, &call.call, &sink.sink), BLOCKSTORE_STATUS_FAILED);
  must(MARK)->bytes[0] = 'x';
  assert_int_equal(filter->check(self, &call.call, &sink.sink), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "mark (" MARK ") cannot be decrypted"));
  host_sink_free(&sink);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(the_store_is_told_no_more_than_it_needs),
      TEST(what_the_store_answers_is_handed_on),
      TEST(what_cannot_be_read_of_the_data_is_handed_on),
      TEST(the_mark_is_looked_for_before_absence_is_believed),
      TEST(a_mark_may_come_from_another),
      TEST(another_key_moves_the_mark),
      TEST(a_store_that_cannot_delete_keeps_its_mark),
      TEST(older_names_are_looked_under_and_deleted),
      TEST(a_store_that_lacks_one_name_is_asked_for_the_others),
      TEST(a_url_tells_whose_record_it_is),
      TEST(the_check_sees_a_wrong_key),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/*
 * Each function makes a child of the filter's call and runs it: the store below has its turn, its own name in the log and its own
 * secrets, what it writes is counted, and what it lacks is UNSUPPORTED, as of every store.
 */
#include <config.h>

#include "core/driver/next.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/driver/call_private.h"
#include "core/driver/host.h"

/* What goes between the child and the filter: whatever the filter's source or sink refuse is the answer, as it is. */
struct passage {
  const struct blockstore_source *source;
  struct blockstore_sink *sink;
  enum blockstore_status refusal;
};

static bool pass(struct passage *passage, enum blockstore_status status, struct bs_error *error) {
  if (status == BLOCKSTORE_STATUS_OK) return true;
  passage->refusal = status;
  return bs_fail(error, status == BLOCKSTORE_STATUS_CANCELLED ? BS_WORD_cancelled : BS_WORD_failed, "The filter refuses it (%s).",
                 bs_status_text(status));
}

static bool read_source(void *user, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  struct passage *passage = user;

  return pass(passage, passage->source->read_at(passage->source, buffer, length, offset), error);
}

static bool begin_value(void *user, uint64_t size, struct bs_error *error) {
  struct passage *passage = user;

  return pass(passage, passage->sink->begin(passage->sink, size), error);
}

static bool write_value(void *user, const void *bytes, size_t length, struct bs_error *error) {
  struct passage *passage = user;

  return pass(passage, passage->sink->write(passage->sink, bytes, length), error);
}

static bool end_value(void *user, struct bs_error *error) {
  (void)user, (void)error;
  return true;
}

/* The filter's call says what the store below said, until the filter says something else. */
static void hand_up(struct bs_call *parent, const struct bs_call *child) {
  const struct bs_call_result *result = bs_call_result(child);
  const char *sentence = result->error.message;
  size_t name = strlen(child->store->name);
  BS_LOCKED(&parent->lock);

  if (strncmp(sentence, child->store->name, name) == 0 && strncmp(sentence + name, ": ", 2) == 0) sentence += name + 2;
  if (result->status == BLOCKSTORE_STATUS_OK) sentence = "";
  memccpy(parent->sentence, sentence, '\0', sizeof parent->sentence - 1);
  parent->retry_after_ms = result->retry_after_ms;
}

/* True: the parent has no other child, and is not over. */
static bool adopt(struct bs_call *parent, struct bs_call *child) {
  BS_LOCKED(&parent->lock);
  if (parent->child != NULL || parent->state != BS_CALL_RUNNING) return false;
  parent->child = child;
  child->parent = parent;
  return true;
}

static void disown(struct bs_call *parent) {
  BS_LOCKED(&parent->lock);
  parent->child = NULL;
}

static enum blockstore_status run_child(struct bs_call *parent, struct bs_call *child, const struct passage *passage) {
  enum blockstore_status status;

  if (!adopt(parent, child)) return BLOCKSTORE_STATUS_CANCELLED;
  bs_call_run_below(child);
  disown(parent);
  hand_up(parent, child);
  status = bs_call_result(child)->status;
  return passage->refusal != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_OK ? passage->refusal : status;
}

static enum blockstore_status run(void *self, struct blockstore_call *abi, enum bs_entry entry, struct bs_arguments arguments,
                                  const struct blockstore_source *source, struct blockstore_sink *sink) {
  struct passage passage = {source, sink, BLOCKSTORE_STATUS_OK};
  const struct bs_receiver receiver = {UINT64_MAX, &passage, begin_value, write_value, end_value};
  struct bs_feed *feed BS_AUTO_FEED = NULL;
  struct bs_call *parent = bs_call_of(abi), *child;
  struct bs_error error = {0};
  enum blockstore_status status;

  if (parent == NULL) return BLOCKSTORE_STATUS_FAILED;
  if (sink != NULL) arguments.receiver = &receiver;
  if ((source != NULL && !bs_feed_from_reader(&feed, source->size, read_source, &passage, &error))) {
    bs_host.set_error(abi, error.message);
    return BLOCKSTORE_STATUS_FAILED;
  }
  arguments.feed = feed;
  if (!bs_call_new(&child, self, entry, &arguments, &error)) {
    bs_host.set_error(abi, error.message);
    return BLOCKSTORE_STATUS_FAILED;
  }
  status = run_child(parent, child, &passage);
  bs_call_release(child);
  return status;
}

static enum blockstore_status handles_url(void *self, struct blockstore_call *call, const char *url) {
  return run(self, call, BS_ENTRY_HANDLES_URL, (struct bs_arguments){.target = url}, NULL, NULL);
}

static enum blockstore_status make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                               const char *data_id) {
  return run(self, call, BS_ENTRY_MAKE_MUTABLE_URL, (struct bs_arguments){.target = data_id}, NULL, ret_url);
}

static enum blockstore_status get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                            const char *key) {
  return run(self, call, BS_ENTRY_GET_IMMUTABLE, (struct bs_arguments){.target = key}, NULL, ret_data);
}

static enum blockstore_status get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                          const char *url) {
  return run(self, call, BS_ENTRY_GET_MUTABLE, (struct bs_arguments){.target = url}, NULL, ret_record);
}

static enum blockstore_status put_immutable(void *self, struct blockstore_call *call, const char *key,
                                            const struct blockstore_source *data, const char *txid) {
  return run(self, call, BS_ENTRY_PUT_IMMUTABLE, (struct bs_arguments){.target = key, .txid = txid}, data, NULL);
}

static enum blockstore_status put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                          const char *signature, const struct blockstore_source *record) {
  return run(self, call, BS_ENTRY_PUT_MUTABLE,
             (struct bs_arguments){.target = data_id, .signature = signature, .version = version}, record, NULL);
}

static enum blockstore_status delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  return run(self, call, BS_ENTRY_DELETE_IMMUTABLE, (struct bs_arguments){.target = key, .txid = txid}, NULL, NULL);
}

static enum blockstore_status delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                             const char *signature) {
  return run(self, call, BS_ENTRY_DELETE_MUTABLE, (struct bs_arguments){.target = data_id, .signature = signature}, NULL, NULL);
}

static enum blockstore_status check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  return run(self, call, BS_ENTRY_CHECK, (struct bs_arguments){.target = NULL}, NULL, ret_report);
}

/* storage_init and storage_close are the core's: a filter finds functions there that refuse. */
static enum blockstore_status refuse_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings, const struct blockstore_next *next) {
  (void)ret_self, (void)settings, (void)next;
  return blockstore_fail(call, BLOCKSTORE_STATUS_UNSUPPORTED, "%s", "The store below a filter is opened by the core.");
}

static void refuse_close(void *self, struct blockstore_call *call) {
  (void)self, (void)call;
}

static const struct blockstore_driver driver = {
    .storage_init = refuse_init,
    .storage_close = refuse_close,
    .handles_url = handles_url,
    .make_mutable_url = make_mutable_url,
    .get_immutable_handler = get_immutable,
    .get_mutable_handler = get_mutable,
    .put_immutable_handler = put_immutable,
    .put_mutable_handler = put_mutable,
    .delete_immutable_handler = delete_immutable,
    .delete_mutable_handler = delete_mutable,
    .check = check,
};

struct blockstore_next bs_next(struct bs_store *below) {
  return (struct blockstore_next){sizeof(struct blockstore_next), sizeof driver, &driver, below};
}

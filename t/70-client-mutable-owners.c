/* SPDX-License-Identifier: MIT */
/* Who may write mutable data, and whose is believed: owners, a route's own key, transfers, names that are revoked or
 * have expired. */
#include <config.h>

#include "t/lib/brief.h"
#include "t/lib/mutable.h"

/* Alice owns NAME and has put "hers" as version 2; Bob has a key. */
struct deal {
  struct world *world;
  struct blockstore_key *alice, *bob;
  const char *bob_address;
};

static void begin(struct deal *deal, struct world *world) {
  open_with_name(world, ONE_STORE);
  *deal = (struct deal){.world = world, .alice = world->key};
  assert_done(blockstore_key_generate(&deal->bob, &error));
  deal->bob_address = blockstore_key_address(deal->bob, BLOCKSTORE_NETWORK_MAIN);
  put_id(world, ID, "first");
  put_id(world, ID, "hers");
}

static void end(struct deal *deal) {
  deal->world->key = deal->alice;
  blockstore_key_free(deal->bob);
}

static void a_stranger_is_denied(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct deal deal;
  long before;

  begin(&deal, world);
  before = height(world);
  world->key = deal.bob;
  assert_refused(put_with(world, NULL, ID, "his", NULL, &error), "denied", deal.bob_address);
  assert_refused(put_with(world, NULL, "other", "his", NULL, &error), "denied", deal.bob_address);
  options.reroute = 1;
  assert_refused(put_with(world, NULL, ID, "his", &options, &error), "denied", deal.bob_address);
  assert_refused(delete_with(world, NULL, ID, NULL, &error), "denied", deal.bob_address);
  assert_refused(delete_with(world, NULL, "other", NULL, &error), "denied", deal.bob_address);
  assert_int_equal(height(world), before);
  assert_reads(world, ID, "hers", 2);
  end(&deal);
}

static void another_key_pays(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options put = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_delete_options delete = BLOCKSTORE_DELETE_INIT;
  struct deal deal;

  begin(&deal, world);
  put.payment_key = delete.payment_key = deal.bob;
  assert_done(put_with(world, NULL, "other", "x", &put, &error));
  assert_reads(world, "other", "x", 1);
  assert_done(delete_with(world, NULL, "other", &delete, &error));
  assert_read_refused(world, "other", NULL, "deleted", "version 2");
  end(&deal);
}

/* ---- transfers ---- */

static void a_transfer_ends_the_routes(void **state) {
  struct world *world = *state, reader;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_record *record;
  struct bs_buffer hers;
  struct deal deal;

  begin(&deal, world);
  hers = keep_record(world, "one", ID);
  open_device(&reader, world, "state2", ONE_STORE);
  assert_reads(&reader, ID, "hers", 2);
  blockstore_free(call(world, "transfer", NAME, deal.bob_address));
  assert_read_refused(&reader, ID, NULL, "owner_changed", deal.bob_address);
  assert_read_refused(world, ID, NULL, "owner_changed", "until the new owner puts it");
  assert_refused(put_with(world, NULL, ID, "hers again", NULL, &error), "denied", deal.bob_address);
  assert_refused(delete_with(world, NULL, ID, NULL, &error), "denied", deal.bob_address);
  world->key = deal.bob;
  options.create = 0;
  assert_refused(put_with(world, NULL, ID, "his", &options, &error), "not_found", "none is to be made");
  put_id(world, ID, "his");
  record = get_with(&reader, ID, "his", NULL);
  assert_string_equal(blockstore_record_signer(record), deal.bob_address);
  blockstore_record_free(record);
  replay_record(world, "one", ID, &hers); /* her signature counts no more */
  assert_read_refused(&reader, ID, NULL, "forged", "one");
  close_world(&reader);
  bs_buffer_free(&hers);
  end(&deal);
}

static void a_transfer_without_the_data(void **state) {
  struct world *world = *state;
  const char *const arguments[] = {NAME, NULL, "false"}, *sent[3];
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  struct deal deal;
  char *json = NULL;

  begin(&deal, world);
  memcpy(sent, arguments, sizeof sent);
  sent[1] = deal.bob_address;
  options.owner_key = world->key;
  assert_done(blockstore_call_method(world->session, &json, "transfer", sent, 3, &options, &error));
  blockstore_free(json);
  assert_read_refused(world, ID, NULL, "not_found", "no user record");
  world->key = deal.bob;
  put_id(world, ID, "his");
  end(&deal);
}

struct meanwhile {
  struct world device;
  const char *address;
};

static uint64_t transfer_meanwhile(void *user, const char *name, const char *id, uint64_t last) {
  struct meanwhile *meanwhile = user;

  (void)id;
  blockstore_free(call(&meanwhile->device, "transfer", name, meanwhile->address));
  return last + 1;
}

/* With the route unchanged nothing at the chain would tell of it; with a new one the transaction does. */
static void transferred_while_it_is_put(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct meanwhile meanwhile;
  struct deal deal;

  begin(&deal, world);
  open_device(&meanwhile.device, world, "state2", ONE_STORE);
  meanwhile.address = deal.bob_address;
  options.make_ver = transfer_meanwhile;
  options.user = &meanwhile;
  assert_refused(put_with(world, NULL, ID, "late", &options, &error), "conflict", "the name another owner");
  meanwhile.device.key = world->key = deal.bob;
  put_id(world, ID, "his");
  meanwhile.address = blockstore_key_address(deal.alice, BLOCKSTORE_NETWORK_MAIN);
  assert_refused(put_with(world, NULL, "other", "late", &options, &error), "denied", meanwhile.address);
  meanwhile.device.key = NULL;
  close_world(&meanwhile.device);
  end(&deal);
}

/* ---- a route that names another key than the owner's ---- */

/* Bob's public key, in hexadecimal: as a route of his own has it. */
static void public_key_of(char pubkey[131], const struct blockstore_record *record) {
  const char *at = strstr(blockstore_record_route(record), "\"pubkey\": \"");

  assert_non_null(at);
  assert_true(snprintf(pubkey, 131, "%.*s", (int)strcspn(at + 11, "\""), at + 11) < 131);
}

/* Where the route of NAME's ID leads. */
static char *urls_of(const struct blockstore_record *record) {
  const char *at = strstr(blockstore_record_route(record), "\"urls\": [");

  assert_non_null(at);
  return strndup(at, strcspn(at, "]") + 1);
}

static void give_route_to_bob(struct deal *deal) {
  struct world *world = deal->world;
  struct blockstore_record *record = get_with(world, ID, "hers", NULL);
  struct blockstore_input *input = blockstore_input_from_memory("x", 1);
  struct blockstore_output *output = blockstore_output_to_memory(1);
  char pubkey[131], *urls = urls_of(record), *user = NULL;

  blockstore_record_free(record);
  record = NULL;
  world->key = deal->bob;
  own(world, "bobby.id");
  assert_done(blockstore_put_mutable(world->session, NULL, "bobby.id", ID, input, world->key, NULL, &error));
  assert_done(blockstore_get_mutable(world->session, output, &record, "bobby.id", ID, NULL, &error));
  public_key_of(pubkey, record);
  world->key = deal->alice;
  assert_true(asprintf(&user, "{\"mutable_data\": [{\"id\": \"" ID "\", \"pubkey\": \"%s\", %s}], \"name\": "
                       "{\"formatted\": \"" NAME
                              "\"}, \"owner\": \"%s\", \"v\": \"3\"}",
                       pubkey, urls, blockstore_key_address(deal->alice, BLOCKSTORE_NETWORK_MAIN)) > 0);
  blockstore_free(call(world, "update", NAME, user));
  blockstore_record_free(record);
  blockstore_input_free(input);
  blockstore_output_free(output);
  free(urls);
  free(user);
}

static void the_key_of_the_route_puts_and_no_more(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_record *record;
  struct deal deal;
  long before;

  begin(&deal, world);
  give_route_to_bob(&deal);
  assert_read_refused(world, ID, NULL, "forged", "one"); /* what is there is hers */
  before = height(world);
  world->key = deal.bob;
  put_id(world, ID, "his");
  assert_int_equal(height(world), before);
  record = get_with(world, ID, "his", NULL);
  assert_string_equal(blockstore_record_signer(record), deal.bob_address);
  blockstore_record_free(record);
  options.reroute = 1;
  assert_refused(put_with(world, NULL, ID, "his", &options, &error), "denied", deal.bob_address);
  assert_refused(put_with(world, NULL, "other", "his", NULL, &error), "denied", deal.bob_address);
  assert_refused(delete_with(world, NULL, ID, NULL, &error), "denied", deal.bob_address);
  end(&deal);
}

/* Above what he wrote. */
static void the_owner_takes_the_route_back(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;
  struct deal deal;
  uint64_t his;

  begin(&deal, world);
  give_route_to_bob(&deal);
  world->key = deal.bob;
  put_id(world, ID, "his");
  his = put_id(world, ID, "his second");
  assert_reads(world, ID, "his second", his);
  world->key = deal.alice;
  assert_done(put_with(world, &receipt, ID, "hers again", NULL, &error));
  assert_true(blockstore_receipt_ver(receipt) > his);
  assert_non_null(blockstore_receipt_txid(receipt));
  assert_reads(world, ID, "hers again", blockstore_receipt_ver(receipt));
  blockstore_receipt_free(receipt);
  world->key = deal.bob;
  assert_refused(put_with(world, NULL, ID, "his third", NULL, &error), "denied", deal.bob_address);
  end(&deal);
}

/* ---- names that say nothing any more ---- */

static void a_revoked_name(void **state) {
  struct world *world = *state;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "x");
  blockstore_free(call(world, "revoke", NAME, NULL));
  assert_read_refused(world, ID, NULL, "not_found", "was revoked by its owner");
  assert_refused(put_with(world, NULL, ID, "y", NULL, &error), "not_found", "was revoked by its owner");
  assert_refused(delete_with(world, NULL, ID, NULL, &error), "not_found", "was revoked by its owner");
}

#define BRIEF "alice.brief"

static enum blockstore_result put_brief(struct world *world, const char *text, struct blockstore_error **error) {
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  enum blockstore_result result = blockstore_put_mutable(world->session, NULL, BRIEF, ID, input, world->key, NULL, error);

  blockstore_input_free(input);
  return result;
}

static void an_expired_name(void **state) {
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(10);
  char *path = path_in(world->place, "state/ledger.db");
  struct bs_ledger *ledger;
  size_t length;

  make_directory(world->place, "state", 0700);
  ledger = open_brief_ledger(path);
  open_session(world, ONE_STORE);
  own(world, BRIEF);
  assert_done(put_brief(world, "x", &error));
  mine_to(ledger, (uint64_t)height(world) + 5);
  assert_refused(blockstore_get_mutable(world->session, output, NULL, BRIEF, ID, NULL, &error), "expired", BRIEF " expired");
  assert_refused(put_brief(world, "y", &error), "expired", "registered again");
  assert_refused(blockstore_delete_mutable(world->session, NULL, BRIEF, ID, world->key, NULL, &error), "expired", BRIEF);
  own(world, BRIEF);
  assert_refused(blockstore_get_mutable(world->session, output, NULL, BRIEF, ID, NULL, &error), "not_found", "no user record");
  assert_done(put_brief(world, "z", &error));
  assert_done(blockstore_get_mutable(world->session, output, NULL, BRIEF, ID, NULL, &error));
  assert_string_equal(blockstore_output_bytes(output, &length), "z");
  blockstore_output_free(output);
  bs_ledger_close(ledger);
  free(path);
}

/* ---- options of another size ---- */

static void options_tell_their_size(void **state) {
  struct world *world = *state;
  struct blockstore_get_mutable_options get = BLOCKSTORE_GET_MUTABLE_INIT;
  struct blockstore_put_mutable_options put = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_delete_options delete = BLOCKSTORE_DELETE_INIT;

  open_with_name(world, ONE_STORE);
  put.struct_size = 0;
  assert_refused(put_with(world, NULL, ID, "x", &put, &error), "usage", "_INIT");
  put.struct_size = sizeof put + 8;
  assert_refused(put_with(world, NULL, ID, "x", &put, &error), "usage", "_INIT");
  put.struct_size = sizeof put.struct_size; /* of a program that knows no member: they have their defaults */
  put.create = 0;
  put.ver = 9;
  assert_done(put_with(world, NULL, ID, "x", &put, &error));
  get.struct_size = sizeof get + 8;
  assert_read_refused(world, ID, &get, "usage", "_INIT");
  get.struct_size = sizeof get.struct_size;
  get.ver_max = 0;
  get.ver_min = 5;
  blockstore_record_free(get_with(world, ID, "x", &get));
  delete.struct_size = 1;
  assert_refused(delete_with(world, NULL, ID, &delete, &error), "usage", "_INIT");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_stranger_is_denied),
      in_world(another_key_pays),
      in_world(a_transfer_ends_the_routes),
      in_world(a_transfer_without_the_data),
      in_world(transferred_while_it_is_put),
      in_world(the_key_of_the_route_puts_and_no_more),
      in_world(the_owner_takes_the_route_back),
      in_world(a_revoked_name),
      in_world(an_expired_name),
      in_world(options_tell_their_size),
  };

  return RUN_TESTS(tests);
}

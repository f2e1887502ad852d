/* SPDX-License-Identifier: MIT */
/* One opened provider over many calls: its connection is kept, found gone, made again; never used by a child; left by a deadline
 * or a cancellation; and several threads take turns. */
#include <config.h>

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/base/clock.h"
#include "core/names/blockstored.h"
#include "t/lib/served.h"

static size_t connections(void) {
  char path[100], target[100];
  size_t count = 0;

  for (int fd = 0; fd < 64; fd++) {
    ssize_t length;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    length = readlink(path, target, sizeof target - 1);
    if (length <= 0) continue;
    target[length] = '\0';
    count += strncmp(target, "socket:", 7) == 0;
  }
  return count;
}

static void test_kept(void **state) {
  struct world *world = *state;
  size_t before = connections();
  struct bs_error error = {0};

  assert_false(bs_names_is_immediate(world->names)); /* not known yet */
  for (int i = 0; i < 20; i++) assert_ok(look_up(world, &error));
  assert_int_equal(connections(), before + 1);
  assert_true(bs_names_is_immediate(world->names));
  assert_string_equal(bs_names_proven(world->names), "none");
}

static void test_restarted(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};

  assert_ok(look_up(world, &error));
  stop(world);
  assert_fails(look_up(world, &error), BS_WORD_no_names, "cannot be reached: Connection refused.  See that blockstored");
  start(world);
  assert_ok(look_up(world, &error)); /* the only one is asked again at once */
  stop(world);
  start(world);
  assert_ok(look_up(world, &error));
}

/* A link that ends just as it is used again is replaced; one that is new is not. */
static void test_hung_up(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};

  assert_ok(look_up(world, &error));
  tell(world, 20, "\"get_name_state\": {\"close\": 0}");
  assert_fails(look_up(world, &error), BS_WORD_no_names, "hung up");
  tell(world, 20, "");
  assert_ok(look_up(world, &error));
}

static void test_forked(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};
  pid_t child;
  int status;

  assert_ok(look_up(world, &error));
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    bool good = look_up(world, &error);

    _exit(!good && error.word == BS_WORD_failed && strstr(error.message, "before fork()") != NULL ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_ok(look_up(world, &error));
}

static void test_deadline(void **state) {
  struct world *world = *state;
  struct bs_scope *scope;
  struct bs_name_record record;
  struct bs_error error = {0};

  assert_ok(look_up(world, &error));
  tell(world, 20, "\"get_name_state\": {\"hang\": true}");
  assert_ok(bs_scope_open(&world->scopes, &scope, 400, &error));
  assert_fails(bs_names_lookup(world->names, scope, &record, "foo.id", &error), BS_WORD_no_names, "did not answer in time");
  bs_scope_close(scope);
  assert_ok(bs_scope_open(&world->scopes, &scope, 1, &error));
  usleep(2000);
  assert_fails(bs_names_lookup(world->names, scope, &record, "foo.id", &error), BS_WORD_deadline, "");
  bs_scope_close(scope);
  tell(world, 20, "");
  assert_ok(look_up(world, &error));
}

static void *cancel_soon(void *user) {
  usleep(100000);
  bs_scopes_cancel(user);
  return NULL;
}

static void test_cancelled(void **state) {
  struct world *world = *state;
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_name_record record;
  struct bs_error error = {0};
  pthread_t thread;

  tell(world, 20, "\"get_name_state\": {\"hang\": true}");
  assert_ok(bs_scope_open(&scopes, &scope, 20000, &error));
  assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &scopes), 0);
  assert_fails(bs_names_lookup(world->names, scope, &record, "foo.id", &error), BS_WORD_cancelled, "");
  pthread_join(thread, NULL);
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
}

/* Between two calls, and within one. */
static void test_other_chain(void **state) {
  struct world *world = *state;
  struct bs_names_info info;
  struct bs_error error = {0};
  char lie[1000];

  assert_ok(bs_names_info(world->names, world->scope, &info, &error));
  assert_string_equal(info.server, world->server);
  snprintf(lie, sizeof lie, "\"getinfo\": {\"result\": {\"chain_id\": \"%064d\", \"network\": \"local\", \"first_block\": 1,"
           " \"last_block\": 20, \"consensus\": \"%032d\", \"block_time\": 0, \"names\": 0, \"fee_rate\": 1,"
           " \"confirmations\": 0, \"node_blocks\": null, \"server\": \"x\"}}", 7, 7);
  tell(world, 20, lie);
  assert_fails(bs_names_info(world->names, world->scope, &info, &error), BS_WORD_conflict,
               "answers for another chain than was answered for before: its chain id is 00000000");
  tell(world, 20, "\"getinfo\": {\"result\": {\"chain_id\": null, \"network\": \"local\", \"server\": \"x\"}}");
  assert_fails(bs_names_info(world->names, world->scope, &info, &error), BS_WORD_conflict, "its chain id is none");
}

/* The network decides how is written: with the chain's id, it stays. */
static void test_other_network(void **state) {
  static const char *const wrong[][2] = {
      {"local", "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"},
      {"regtest", "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"},
      {"local", "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"},
      {"main", "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"},
      {"local", "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"}};
  struct world *world = *state;
  struct bs_names_info info;
  struct bs_error error = {0};
  char more[200];

  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    snprintf(more, sizeof more, "\"network\": \"%s\", \"chain\": \"%s\", ", wrong[i][0], wrong[i][1]);
    tell_of(world, 20, more, "");
    assert_fails(bs_names_info(world->names, world->scope, &info, &error), BS_WORD_malformed,
                 "calls the chain of Bitcoin's network ");
  }
  snprintf(more, sizeof more, "\"network\": \"main\", \"chain\": \"%s\", ", wrong[0][1]);
  tell_of(world, 20, more, "");
  assert_ok(bs_names_info(world->names, world->scope, &info, &error));
  assert_string_equal(info.network, "main");
}

static void test_network_stays(void **state) {
  struct world *world = *state;
  struct bs_names_info info;
  struct bs_error error = {0};

  tell_of(world, 20, "\"network\": \"regtest\", ", "");
  assert_ok(bs_names_info(world->names, world->scope, &info, &error));
  tell_of(world, 20, "\"network\": \"local\", ", "");
  assert_fails(bs_names_info(world->names, world->scope, &info, &error), BS_WORD_conflict,
               "answers for another network than was answered for before: local, and should be regtest");
  stop(world);
  start(world);
  assert_fails(look_up(world, &error), BS_WORD_conflict, "answers for another network");
  assert_false(bs_names_is_immediate(world->names));
}

static void test_fees_beyond_all(void **state) {
  struct world *world = *state;
  struct bs_names_info info;
  struct bs_error error = {0};

  tell_of(world, 20, "\"fee_rate\": 2100000000000, ", "");
  assert_ok(bs_names_info(world->names, world->scope, &info, &error));
  tell_of(world, 20, "\"fee_rate\": 2100000000001, ", "");
  assert_fails(bs_names_info(world->names, world->scope, &info, &error), BS_WORD_malformed, "fee_rate that nobody can pay");
}

/* A chain that is made while the server is connected is known by its id at once. */
static void test_chain_begins(void **state) {
  struct world *world = *state;
  struct bs_names_info info;
  struct bs_error error = {0};
  unsigned char chain_id[32];

  tell(world, 0, "\"getinfo\": {\"result\": {\"chain_id\": null, \"network\": \"local\", \"server\": \"x\"}}");
  assert_ok(bs_names_info(world->names, world->scope, &info, &error));
  tell(world, 20, "");
  assert_ok(bs_names_info(world->names, world->scope, &info, &error));
  assert_ok(bs_names_chain_id(world->names, world->scope, chain_id, &error));
  assert_int_equal(chain_id[0], 0x11);
}

/* ---- a transaction, and no answer to it: whether it was taken is not known ---- */

/* Pays to a hash of zeroes. */
static void make_raw(struct bs_buffer *raw) {
  unsigned char bytes[85] = {[0] = 2, [4] = 1, [5] = 0xaa, [46] = 1, [47] = 0xe8, [48] = 3, [55] = 25, [56] = 0x76, [57] = 0xa9,
                             [58] = 20, [79] = 0x88, [80] = 0xac};

  bs_buffer_clear(raw);
  bs_buffer_add(raw, bytes, sizeof bytes);
}

static bool broadcast(struct world *world, struct bs_error *error) {
  const struct bs_provider *provider = world->names->provider;
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_broadcast answer;

  make_raw(&raw);
  return provider->broadcast(world->names->state, &answer, &raw, false, error);
}

static bool broadcast_once(struct world *world, struct bs_error *error) {
  const struct bs_provider *provider = world->names->provider;
  bool exists, good;

  assert_true(provider->enter(world->names->state, world->scope, false, &exists, error));
  good = broadcast(world, error);
  provider->leave(world->names->state);
  return good;
}

static void test_unanswered(void **state) {
  static const char *const garbage[] = {
      "{\"raw\": \"hello\"}", "{\"raw\": \"2:[],3:x\"}", "{\"text\": \"{\"}", "{\"text\": \"[]\"}", "{\"result\": 7}",
      "{\"result\": {\"transaction_hash\": \"00\"}}", "{\"close\": 3}",
      "{\"result\": {\"error\": \"I am tired.\", \"code\": \"corrupt\"}}"};
  struct world *world = *state;
  struct bs_error error = {0};
  char lie[200];

  for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
    snprintf(lie, sizeof lie, "\"broadcast_transaction\": %s", garbage[i]);
    tell_of(world, 20, "\"network\": \"regtest\", ", lie);
    assert_fails(broadcast_once(world, &error), BS_WORD_no_names, "The name server unix:");
  }
  tell_of(world, 20, "\"network\": \"regtest\", ",
          "\"broadcast_transaction\": {\"raw\": \"hello\"}, \"get_unspents\": {\"raw\": \"no\"}");
  assert_fails(broadcast_once(world, &error), BS_WORD_no_names, "is not known: look at what the name says now");
  tell_of(world, 20, "\"network\": \"regtest\", ",
          "\"broadcast_transaction\": {\"result\": {\"error\": \"Spent.\", \"code\": \"conflict\"}}");
  assert_fails(broadcast_once(world, &error), BS_WORD_conflict, "says: Spent."); /* its own answer keeps its word */
}

/* Of the second and the third transaction of a call, when the server has come back as another one. */
static void test_other_chain_midway(void **state) {
  struct world *world = *state;
  const struct bs_provider *provider = world->names->provider;
  struct bs_error error = {0};
  char other[100];
  bool exists;

  tell_of(world, 20, "\"network\": \"regtest\", ",
          "\"broadcast_transaction\": {\"result\": {\"error\": \"Spent.\", \"code\": \"conflict\"}}");
  assert_ok(provider->enter(world->names->state, world->scope, false, &exists, &error));
  assert_fails(broadcast(world, &error), BS_WORD_conflict, "says: Spent.");
  stop(world);
  snprintf(other, sizeof other, "\"network\": \"regtest\", \"chain\": \"%064d\", ", 7);
  tell_of(world, 20, other, "");
  start(world);
  for (int i = 0; i < 2; i++)
    assert_fails(broadcast(world, &error), BS_WORD_no_names, "answers for another chain than was answered for before");
  provider->leave(world->names->state);
}

static void test_no_chain(void **state) {
  struct world *world = *state;
  struct bs_names_info info;
  struct bs_key *key;
  struct bs_name_operation operation = BS_NAME_OPERATION_INIT;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  unsigned char chain_id[32];
  struct bs_error error = {0};

  tell(world, 20, "\"getinfo\": {\"result\": {\"chain_id\": null, \"network\": \"local\", \"server\": \"x\"}}");
  assert_ok(bs_names_info(world->names, world->scope, &info, &error));
  assert_false(info.exists);
  assert_fails(look_up(world, &error), BS_WORD_not_found, "is not registered, says the name server unix:");
  assert_fails(bs_names_chain_id(world->names, world->scope, chain_id, &error), BS_WORD_no_names, "has no chain yet");
  assert_ok(bs_key_generate(&key, &error));
  operation.owner_key = key;
  assert_fails(bs_names_register(world->names, world->scope, &receipt, "bar.id", NULL, &operation, &error), BS_WORD_no_names,
               "has no chain yet");
  bs_key_free(key);
}

/* Its chain has become shorter since it said how long it is. */
static void test_fewer_ahead(void **state) {
  struct world *world = *state;
  const struct bs_provider *provider = world->names->provider;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  struct bs_error error = {0};
  bool exists, found;

  for (int fewer = 0; fewer < 3; fewer++) {
    tell(world, 20, fewer == 0 ? "\"get_consensus_range\": {\"result\": []}"
                    : fewer == 1 ? "\"get_consensus_range\": {\"result\": [\"22222222222222222222222222222222\"]}"
                                 : "\"get_consensus_range\": {\"result\": [7]}");
    assert_ok(provider->enter(world->names->state, world->scope, false, &exists, &error));
    assert_ok(provider->consensus_at(world->names->state, consensus, &found, 5, &error) && found);
    if (fewer == 2) {
      assert_fails(provider->consensus_at(world->names->state, consensus, &found, 6, &error), BS_WORD_malformed,
                   "not the consensus hashes that it was asked for");
    } else {
      assert_ok(provider->consensus_at(world->names->state, consensus, &found, 6, &error) && found);
      assert_int_equal(consensus[0] == 0x22, fewer);
      tell(world, 20, "");
      assert_ok(provider->consensus_at(world->names->state, consensus, &found, 7, &error) && found);
      assert_int_not_equal(consensus[0], 0x22); /* that one was not among those that came */
    }
    provider->leave(world->names->state);
  }
}

static bool visit_nothing(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  (void)user, (void)block, (void)fields, (void)error;
  return true;
}

/* A list of some, as a server tells them: of the fuzzers' seeds. */
static void read_operations(char *text, size_t size) {
  const char *top = getenv("srcdir"), *begin;
  char path[4096], whole[16384];
  FILE *file;
  size_t length;

  snprintf(path, sizeof path, "%s/t/fuzz/corpus/reply/operations-at", top == NULL ? "." : top);
  file = fopen(path, "re");
  assert_non_null(file);
  length = fread(whole, 1, sizeof whole - 1, file);
  assert_int_equal(fclose(file), 0);
  whole[length] = '\0';
  begin = strchr(whole + 1, '[');
  assert_non_null(begin);
  assert_true((size_t)(strchr(begin, ']') + 1 - begin) < size);
  snprintf(text, size, "%.*s", (int)(strchr(begin, ']') + 1 - begin), begin);
}

/* A server that always has more is not listened to for ever. */
static void test_too_much(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};
  char *texts, operations[7000], lie[8000];
  size_t count, most_bytes = bs_blockstored_list_bytes, most_parts = bs_blockstored_parts_most;

  bs_blockstored_list_bytes = 20;
  bs_blockstored_parts_most = 0;
  tell(world, 20, "\"get_all_names\": {\"result\": [\"a.id\", \"b.id\"]}");
  assert_fails(bs_names_list(world->names, world->scope, &texts, &count, NULL, 0, UINT64_MAX, &error), BS_WORD_too_large,
               "lists more names than fit");
  read_operations(operations, sizeof operations);
  snprintf(lie, sizeof lie, "\"get_operations_at\": {\"result\": {\"operations\": %s, \"more\": true}}", operations);
  tell(world, 20, lie);
  assert_fails(bs_names_operations_at(world->names, world->scope, 5, visit_nothing, NULL, &error), BS_WORD_too_large,
               "more operations than there can be");
  bs_blockstored_list_bytes = most_bytes;
  bs_blockstored_parts_most = most_parts;
}

/* ---- a server that answers before it was asked, and hangs up: it has not the room for another ---- */

static void answer_early(const char *path, struct bs_link **link) {
  struct bs_server_address address;
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  const struct bs_patience patience = {NULL, bs_clock_monotonic_ms() + 5000};
  struct bs_error error = {0};
  char text[200];
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted;

  snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
  assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
  assert_int_equal(listen(listener, 1), 0);
  snprintf(text, sizeof text, "unix:%s", path);
  assert_ok(bs_server_address_parse(&address, text, 1, &error));
  assert_ok(bs_link_open(link, &address, &patience, &error));
  accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  assert_true(accepted >= 0);
  assert_int_equal(write(accepted, "7:too few,", 10), 10);
  close(accepted);
  close(listener);
  unlink(path);
}

static void test_answered_early(void **state) {
  struct world *world = *state;
  const struct bs_patience patience = {NULL, bs_clock_monotonic_ms() + 5000};
  struct bs_buffer reply BS_AUTO_BUFFER = BS_BUFFER_INIT, request BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_link *link;
  struct bs_error error = {0};
  char path[100];

  snprintf(path, sizeof path, "%s/early", world->directory);
  answer_early(path, &link);
  bs_buffer_text(&request, "[]");
  assert_ok(bs_link_exchange(link, &reply, &request, &patience, &error)); /* the request cannot be sent, the answer is there */
  assert_int_equal(reply.length, 7);
  assert_memory_equal(reply.bytes, "too few", 7);
  assert_fails(bs_link_exchange(link, &reply, &request, &patience, &error), BS_WORD_no_names, "");
  bs_link_close(link);
}

/* A list comes in parts of two. */
static void test_parts(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};
  char *texts BS_AUTO_FREE = NULL;
  size_t count;
  FILE *file = fopen(world->path, "we");

  assert_non_null(file);
  fprintf(file, "{\"block\": 20, \"names\": {\"a.id\": {}, \"b.id\": {}, \"c.id\": {}, \"d.id\": {}, \"e.id\": {}}}");
  assert_int_equal(fclose(file), 0);
  assert_ok(bs_names_list(world->names, world->scope, &texts, &count, NULL, 1, 3, &error));
  assert_int_equal(count, 3);
  assert_memory_equal(texts, "b.id\0c.id\0d.id", 15);
  free(texts);
  assert_ok(bs_names_list(world->names, world->scope, &texts, &count, NULL, 0, UINT64_MAX, &error));
  assert_int_equal(count, 5);
  free(texts);
  assert_ok(bs_names_list(world->names, world->scope, &texts, &count, "16L5yRNPTuciSgXGHqYwn9N6NeoKqopAu", 4, 9, &error));
  assert_int_equal(count, 1);
}

static void *look_up_often(void *user) {
  struct world *world = user;
  struct bs_error error = {0};
  size_t good = 0;

  for (int i = 0; i < 50; i++) good += look_up(world, &error);
  return good == 50 ? user : NULL;
}

static void test_threads(void **state) {
  pthread_t threads[4];
  void *result;

  for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, look_up_often, *state), 0);
  for (size_t i = 0; i < 4; i++) {
    pthread_join(threads[i], &result);
    assert_ptr_equal(result, *state);
  }
}

static void test_configurations(void **state) {
  const char *server = "a b";
  struct bs_names_config config = {.provider = "blockstored"};
  struct bs_names *names;
  struct bs_error error = {0};

  (void)state;
  assert_fails(bs_names_open(&names, &config, &error), BS_WORD_config, "needs to know a server");
  config.servers = &server;
  config.server_count = 1;
  assert_fails(bs_names_open(&names, &config, &error), BS_WORD_config, "\"a b\" is not where");
  server = "a";
  config.chain = "11";
  assert_fails(bs_names_open(&names, &config, &error), BS_WORD_config, "64 hexadecimal digits");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SERVED(test_kept),      SERVED(test_restarted),   SERVED(test_hung_up), SERVED(test_forked),
      SERVED(test_deadline),  SERVED(test_cancelled),   SERVED(test_parts),   SERVED(test_other_chain),
      SERVED(test_no_chain),  SERVED(test_threads),     SERVED(test_unanswered),
      SERVED(test_other_chain_midway), SERVED(test_other_network), SERVED(test_network_stays), SERVED(test_chain_begins),
      SERVED(test_fewer_ahead), SERVED(test_too_much), SERVED(test_answered_early), SERVED(test_fees_beyond_all),
      cmocka_unit_test(test_configurations),
  };
  return RUN_SERVED(tests);
}

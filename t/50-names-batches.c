/* SPDX-License-Identifier: MIT */
/* What proofs ask of many blocks at once: in batches, of which several are on their way, and in parts. */
#include <config.h>

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/chain/entry-read.h"
#include "core/names/link.h"
#include "t/lib/served.h"

static void enter(struct world *world) {
  struct bs_error error = {0};
  bool exists;

  assert_ok(world->names->provider->enter(world->names->state, world->scope, false, &exists, &error));
}

static void leave(struct world *world) {
  world->names->provider->leave(world->names->state);
}

/* More than one frame has room for.  The stand-in's operations hash of a block is its number. */
static void test_hashes(void **state) {
  enum { COUNT = 700 };
  struct world *world = *state;
  const struct bs_provider *provider = world->names->provider;
  struct bs_block_hashes *blocks BS_AUTO_FREE = calloc(COUNT, sizeof *blocks);
  struct bs_error error = {0};
  unsigned char consensus[BS_CONSENSUS_SIZE];
  bool exists, found;

  assert_non_null(blocks);
  tell(world, COUNT, "");
  for (size_t i = 0; i < COUNT; i++) {
    blocks[i].block = i + 1;
    blocks[i].wants_operations = i % 3 != 0;
  }
  assert_ok(provider->enter(world->names->state, world->scope, false, &exists, &error));
  assert_ok(provider->hashes_of(world->names->state, blocks, COUNT, &error));
  provider->leave(world->names->state);
  for (size_t i = 0; i < COUNT; i += 37) {
    uint64_t number = (uint64_t)blocks[i].operations[30] << 8 | blocks[i].operations[31];

    assert_ok(provider->enter(world->names->state, world->scope, false, &exists, &error));
    assert_ok(provider->consensus_at(world->names->state, consensus, &found, i + 1, &error) && found);
    provider->leave(world->names->state);
    assert_memory_equal(blocks[i].consensus, consensus, sizeof consensus);
    assert_int_equal(number, blocks[i].wants_operations ? i + 1 : 0);
  }
  blocks[COUNT - 1].block = COUNT + 1;
  assert_ok(provider->enter(world->names->state, world->scope, false, &exists, &error));
  assert_fails(provider->hashes_of(world->names->state, blocks, COUNT, &error), BS_WORD_not_found, "There is no block 701 on");
  provider->leave(world->names->state);
}

/* ---- operations ---- */

#define BUSY 300 /* blocks, each with EACH operations */
#define EACH 3

static void add_operation(FILE *file, uint64_t block, size_t number) {
  struct bs_buffer serialised BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_entry_context context = {.opcode = BS_NAME_UPDATE};
  struct bs_name_entry entry = {.name = "foo.id", .has_value = true, .value_hash = {1}, .block_number = block,
                                .origin = {.address = "1owner", .op = "+", .vtxindex = number}, .op_fee = "100"};

  bs_script_pay_to(&entry.origin.sender, entry.value_hash);
  bs_serialise_name(&serialised, &entry, &context);
  assert_false(serialised.failed);
  fputs(number == 0 ? "\"" : ", \"", file);
  for (size_t i = 0; i < serialised.length; i++) fprintf(file, "%02x", serialised.bytes[i]);
  fputc('"', file);
}

/* more: further members of the stand-in's world, each with a comma behind. */
static void tell_operations(struct world *world, const char *more) {
  char next[100];
  FILE *file;

  snprintf(next, sizeof next, "%s.new", world->path);
  file = fopen(next, "we");
  assert_non_null(file);
  fprintf(file, "{%s\"block\": 700, \"history\": \"one\", \"operations\": {", more);
  for (uint64_t block = 1; block <= BUSY; block++) {
    fprintf(file, "%s\"%d\": [", block == 1 ? "" : ", ", (int)block);
    for (size_t i = 0; i < EACH; i++) add_operation(file, block, i);
    fputc(']', file);
  }
  fprintf(file, "}}");
  assert_int_equal(fclose(file), 0);
  assert_int_equal(rename(next, world->path), 0);
}

struct seen {
  size_t of[BUSY + 1], most;
};

static bool see(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct seen *seen = user;
  struct bs_field number = bs_field_of(fields, "vtxindex");
  char expected[24];

  assert_true(block >= 1 && block <= BUSY);
  snprintf(expected, sizeof expected, "%d", (int)seen->of[block]);
  assert_true(bs_field_is(&number, expected)); /* each once, in their order */
  if (seen->most-- == 0) return bs_fail(error, BS_WORD_too_large, "That is enough.");
  seen->of[block]++;
  return true;
}

static bool ask(struct world *world, struct seen *seen, struct bs_error *error) {
  uint64_t blocks[BUSY];
  bool good;

  for (size_t i = 0; i < BUSY; i++) blocks[i] = BUSY - i;
  *seen = (struct seen){.most = seen->most == 0 ? SIZE_MAX : seen->most};
  enter(world);
  good = world->names->provider->operations_of(world->names->state, blocks, BUSY, see, seen, error);
  leave(world);
  return good;
}

static void assert_all(struct world *world) {
  struct seen seen = {.most = 0};
  struct bs_error error = {0};

  assert_ok(ask(world, &seen, &error));
  for (size_t i = 1; i <= BUSY; i++) assert_int_equal(seen.of[i], EACH);
}

static void test_operations(void **state) {
  struct world *world = *state;

  tell_operations(world, "");
  assert_all(world);
  tell_operations(world, "\"part\": 2, ");
  assert_all(world);
  tell_operations(world, "\"part\": 1, \"room\": 50, "); /* what has no room is asked for again */
  assert_all(world);
}

/* The second batch is there before the first is answered. */
static void test_ahead(void **state) {
  struct world *world = *state;

  tell_operations(world, "\"held\": 3, ");
  assert_all(world);
}

static void test_no_room(void **state) {
  struct world *world = *state;
  struct seen seen = {.most = 0};
  struct bs_error error = {0};

  tell_operations(world, "\"room\": 0, ");
  assert_fails(ask(world, &seen, &error), BS_WORD_malformed, "has no room in its replies for the operations of block 300");
}

/* Another connection does not continue: nothing is handed out twice. */
static void test_hung_up(void **state) {
  struct world *world = *state;
  struct seen seen = {.most = 0};
  struct bs_error error = {0};

  tell_operations(world, "\"held\": 3, \"ends\": 1, ");
  assert_fails(ask(world, &seen, &error), BS_WORD_no_names, "");
  assert_int_equal(seen.of[BUSY], EACH);
  assert_int_equal(seen.of[1], 0);
  tell_operations(world, "");
  assert_all(world);
}

/* The visitor's own error ends it, and is not taken for the server's. */
static void test_enough(void **state) {
  struct world *world = *state;
  struct seen seen = {.most = 10};
  struct bs_error error = {0};

  tell_operations(world, "");
  assert_fails(ask(world, &seen, &error), BS_WORD_too_large, "That is enough.");
  assert_all(world); /* over the same connection */
}

static void test_no_operations(void **state) {
  struct world *world = *state;
  struct seen seen = {.most = 0};
  struct bs_error error = {0};

  tell_operations(world, "\"batch\": {\"get_operations_at\": {\"operations\": [\"zz\"], \"more\": false}}, ");
  assert_fails(ask(world, &seen, &error), BS_WORD_malformed, "sent an operation that is none");
  tell_operations(world, "\"batch\": {\"get_operations_at\": {\"operations\": [], \"more\": true}}, ");
  assert_fails(ask(world, &seen, &error), BS_WORD_malformed, "ends where there should be more");
  tell_operations(world, "\"batch\": {\"get_operations_at\": {\"error\": \"No.\", \"code\": \"denied\"}}, ");
  assert_fails(ask(world, &seen, &error), BS_WORD_denied, "says: No.");
  tell_operations(world, ""); /* what was on its way then is no answer to the next question */
  assert_all(world);
}

/* ---- frames that are on their way ---- */

#define LARGE ((size_t)1 << 20) /* bytes of a payload: more than a socket holds */
#define HEAD "1048576:"

struct echo {
  int listener;
  size_t frames;
};

/* Reads a frame when it has got rid of the one before. */
static void *echo(void *user) {
  struct echo *echo = user;
  size_t length = sizeof HEAD - 1 + LARGE + 1;
  unsigned char *frame = malloc(length);
  int fd = accept(echo->listener, NULL, NULL);

  while (frame != NULL && fd >= 0 && recv(fd, frame, length, MSG_WAITALL) == (ssize_t)length) {
    size_t sent = 0;

    while (sent < length) {
      ssize_t count = send(fd, frame + sent, length - sent, MSG_NOSIGNAL);

      if (count <= 0) break;
      sent += (size_t)count;
    }
    echo->frames++;
  }
  free(frame);
  close(fd);
  return NULL;
}

/* Who sends and reads nothing meanwhile would wait for a server that waits for him. */
static void test_replies_while_sending(void **state) {
  enum { FRAMES = 4 };
  struct world *world = *state;
  struct sockaddr_un place = {.sun_family = AF_UNIX};
  struct echo server = {.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  struct bs_patience patience = {world->scope, bs_clock_monotonic_ms() + 20000};
  struct bs_server_address address;
  struct bs_buffer payload BS_AUTO_BUFFER = BS_BUFFER_INIT, reply BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bs_link *link;
  pthread_t thread;
  char text[sizeof "unix:" + sizeof place.sun_path];

  snprintf(place.sun_path, sizeof place.sun_path, "%s/echo", world->directory);
  snprintf(text, sizeof text, "unix:%s", place.sun_path);
  assert_int_equal(bind(server.listener, (const struct sockaddr *)&place, sizeof place), 0);
  assert_int_equal(listen(server.listener, 1), 0);
  assert_int_equal(pthread_create(&thread, NULL, echo, &server), 0);
  assert_ok(bs_server_address_parse(&address, text, 1, &error));
  assert_ok(bs_link_open(&link, &address, &patience, &error));
  memset(bs_buffer_extend(&payload, LARGE), 'x', LARGE);
  for (size_t i = 0; i < FRAMES; i++) {
    payload.bytes[0] = (unsigned char)('a' + i);
    assert_ok(bs_link_send(link, &payload, &patience, &error));
    assert_int_equal(bs_link_waiting(link), i + 1);
  }
  for (size_t i = 0; i < FRAMES; i++) {
    assert_ok(bs_link_receive(link, &reply, &patience, &error));
    assert_int_equal(reply.length, LARGE);
    assert_int_equal(reply.bytes[0], 'a' + i);
    assert_int_equal(bs_link_waiting(link), FRAMES - 1 - i);
  }
  assert_int_equal(bs_link_used(link), 1);
  bs_link_close(link);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(server.frames, FRAMES);
  close(server.listener);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SERVED(test_hashes),  SERVED(test_operations), SERVED(test_ahead),
      SERVED(test_no_room), SERVED(test_hung_up),    SERVED(test_enough),
      SERVED(test_no_operations), SERVED(test_replies_while_sending),
  };
  return RUN_SERVED(tests);
}

/* SPDX-License-Identifier: MIT */
/* Nodes that answer what a test says: what the driver makes of each answer, and of several nodes. */
#include <config.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "t/lib/driver-host.h"

#define KEY "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" /* of hello */
#define VALUE_LINE "{\"data\":\"QlN2MWkAAAAAAAAAAGhlbGxv\",\"id\":\"1\",\"type\":0}\n" /* hello, an immutable object */
#define ID "db75ddd322bb502f5212b4e45796fb0101c1a54d"
#define INFO(good) \
  "{\"ipv4\":{\"dubious\":2,\"good\":" #good "},\"ipv6\":{\"dubious\":0,\"good\":0},\"node_id\":\"" ID "\"}"
#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define ANSWER(body) OK_HEAD body
#define ECHO "(the body that came)"
#define ENDLESS "(lines without end)"
#define DRIP "(a byte now and then)"
#define HEADERS "(headers without end)"

/* A node, on a thread of its own. */
struct node {
  const char *info, *put;
  const char *get[2]; /* the first answer, and every other */
  int listener;
  unsigned port;
  pthread_t thread;
  atomic_uint infos, asked, puts;
  atomic_int *looks; /* of a call: it is over once the node's state is asked for; NULL: it goes on */
  char body[1024]; /* of the last put, cut */
};

static void send_all(int fd, const void *bytes, size_t length) {
  const char *at = bytes;

  while (length > 0) {
    ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

    if (sent <= 0) return;
    at += sent;
    length -= (size_t)sent;
  }
}

/* Sends a text over and over, until the other side has enough. */
static void send_often(int fd, const char *text, unsigned nap_us) {
  while (send(fd, text, strlen(text), MSG_NOSIGNAL) > 0)
    if (nap_us > 0) usleep(nap_us);
}

static void answer(int fd, const char *text, const char *body) {
  char byte;

  if (text == NULL) {
    while (recv(fd, &byte, 1, 0) > 0) continue; /* it hangs until the other side has gone */
  } else if (strcmp(text, ECHO) == 0) {
    send_all(fd, OK_HEAD, strlen(OK_HEAD));
    send_all(fd, body, strlen(body));
  } else if (strcmp(text, ENDLESS) == 0) {
    send_all(fd, OK_HEAD, strlen(OK_HEAD));
    send_often(fd, "{\"data\":\"aGVsbG8=\",\"id\":\"1\",\"type\":0}\n", 0);
  } else if (strcmp(text, DRIP) == 0) {
    send_all(fd, OK_HEAD, strlen(OK_HEAD));
    send_often(fd, " ", 10000);
  } else if (strcmp(text, HEADERS) == 0) {
    send_all(fd, "HTTP/1.1 200 OK\r\n", 17);
    send_often(fd, "X-Header: and another, and another, and another, and another, and another\r\n", 0);
  } else {
    send_all(fd, text, strlen(text));
  }
}

/* Head and body, with a NUL behind; where the body begins, or NULL. */
static char *receive(int fd, char *request, size_t size) {
  size_t used = 0, wanted = SIZE_MAX;
  char *body = NULL;

  while (used < wanted && used + 1 < size) {
    ssize_t got = recv(fd, request + used, size - 1 - used, 0);
    const char *length;

    if (got <= 0) break;
    used += (size_t)got;
    request[used] = '\0';
    if (body != NULL || (body = strstr(request, "\r\n\r\n")) == NULL) continue;
    body += 4;
    length = strstr(request, "Content-Length: ");
    wanted = (size_t)(body - request) + (length == NULL || length > body ? 0 : strtoul(length + 16, NULL, 10));
  }
  return body;
}

static void serve(struct node *node, int fd) {
  static _Thread_local char request[1 << 17];
  const char *body = receive(fd, request, sizeof request);

  if (body == NULL) return;
  if (strncmp(request, "GET /dht/node/info ", 19) == 0) {
    atomic_fetch_add(&node->infos, 1);
    if (node->looks != NULL) atomic_store(node->looks, 0);
    answer(fd, node->info, body);
  } else if (strncmp(request, "GET /dht/key/", 13) == 0) {
    answer(fd, node->get[atomic_fetch_add(&node->asked, 1) > 0], body);
  } else if (strncmp(request, "POST /dht/key/", 14) == 0) {
    snprintf(node->body, sizeof node->body, "%.1023s", body);
    atomic_fetch_add(&node->puts, 1);
    answer(fd, node->put, body);
  }
}

static void *run(void *user) {
  struct node *node = user;
  int fd;

  while ((fd = accept(node->listener, NULL, NULL)) >= 0) {
    serve(node, fd);
    shutdown(fd, SHUT_WR); /* and what it did not read is no reason to reset */
    close(fd);
  }
  return NULL;
}

static void node_start(struct node *node) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;

  node->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(node->listener >= 0);
  assert_int_equal(bind(node->listener, (struct sockaddr *)&address, length), 0);
  assert_int_equal(listen(node->listener, 16), 0);
  assert_int_equal(getsockname(node->listener, (struct sockaddr *)&address, &length), 0);
  node->port = ntohs(address.sin_port);
  assert_int_equal(pthread_create(&node->thread, NULL, run, node), 0);
}

static void node_stop(struct node *node) {
  shutdown(node->listener, SHUT_RDWR);
  pthread_join(node->thread, NULL);
  close(node->listener);
}

/* ---- one node ---- */

static void open_on(struct host_store *store, const struct node *first, const struct node *second, const char *permanent) {
  char *one = host_path("http://127.0.0.1:%u/dht/", first->port); /* a slash at the end is none */
  char *two = second == NULL ? NULL : host_path("http://127.0.0.1:%u/dht", second->port);

  host_store_open(store, "dht",
                  (const struct host_setting[]){{"permanent", permanent},
                                                {"patience", "300"},
                                                {"minimum_rate", "1024"},
                                                {"proxy", "none"},
                                                {"proxies", one},
                                                {two == NULL ? NULL : "proxies", two},
                                                {NULL, NULL}});
  free(one);
  free(two);
}

static void says(const struct host_store *store, const char *text) {
  if (strstr(store->call.sentence, text) == NULL) fail_msg("it says: %s\nand not: %s", store->call.sentence, text);
}

/* A get of hello from such a node ends so. */
static void get_from(struct node *node, enum blockstore_status expected, const char *text) {
  struct host_store store;
  enum blockstore_status status;

  node_start(node);
  open_on(&store, node, NULL, "false");
  status = host_get_immutable(&store, KEY);
  if (status != expected) fail_msg("status %d instead of %d: %s", (int)status, (int)expected, store.call.sentence);
  if (status != BLOCKSTORE_STATUS_OK) says(&store, text);
  host_store_close(&store);
  node_stop(node);
}

static void absence_is_believed_of_a_node_with_peers_that_looked_twice(void **state) {
  struct node node = {.info = ANSWER(INFO(1)), .get = {ANSWER(""), ANSWER("")}};

  (void)state;
  get_from(&node, BLOCKSTORE_STATUS_NOT_FOUND, "There is nothing under dht:");
  assert_int_equal(node.asked, 2);
  assert_int_equal(node.infos, 1);
}

static void foreign_values_are_absence(void **state) {
  struct node node = {.info = ANSWER(INFO(1)),
                      .get = {ANSWER("{\"data\":\"aGVsbG8=\"}\n{\"cypher\":\"aGVsbG8=\"}\n"), ANSWER("")}};

  (void)state;
  get_from(&node, BLOCKSTORE_STATUS_NOT_FOUND, "There is nothing under dht:");
}

static void a_node_that_was_just_started_is_asked_again(void **state) {
  struct node node = {.info = ANSWER(INFO(1)), .get = {ANSWER(""), ANSWER(VALUE_LINE)}};

  (void)state;
  get_from(&node, BLOCKSTORE_STATUS_OK, "");
}

static void a_node_that_is_cut_off_says_nothing(void **state) {
  struct node node = {.info = ANSWER(INFO(0)), .get = {ANSWER(""), ANSWER("")}};

  (void)state;
  get_from(&node, BLOCKSTORE_STATUS_TRANSIENT, "/dht: The node is cut off: no other node of the network answers it");
}

static void what_it_has_is_taken_all_the_same(void **state) {
  struct node node = {.get = {ANSWER(VALUE_LINE)}};

  (void)state;
  get_from(&node, BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(node.infos, 0);
}

/* An answer that breaks off after the object is the object; a record may not be the newest. */
static void the_object_is_enough(void **state) {
  static const char *const cut = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" VALUE_LINE;
  struct node node = {.get = {cut}};

  (void)state;
  get_from(&node, BLOCKSTORE_STATUS_OK, "");
}

static void broken_answers_end_in_their_status(void **state) {
  static const struct {
    const char *get, *info;
    enum blockstore_status status;
    const char *text;
  } rows[] = {
      {"", "", BLOCKSTORE_STATUS_TRANSIENT, "127.0.0.1"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "", BLOCKSTORE_STATUS_TRANSIENT, "127.0.0.1"},
      {ANSWER("<html>"), "", BLOCKSTORE_STATUS_FAILED, "no value of OpenDHT; the URL must be that of a node's REST proxy"},
      {ANSWER("{\"data\":\"QlN2MWkAAAA"), "", BLOCKSTORE_STATUS_FAILED, "no value of OpenDHT"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "", BLOCKSTORE_STATUS_FAILED, "The key could not be asked for"},
      {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "", BLOCKSTORE_STATUS_DENIED, "The key could not be asked for"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "", BLOCKSTORE_STATUS_FAILED, "The answer is 204, which is no node's"},
      {"HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n", "", BLOCKSTORE_STATUS_FAILED, "The answer is 206"},
      {"HTTP/1.1 503 Busy\r\nContent-Length: 19\r\n\r\n{\"err\":\"not ready\"}", "", BLOCKSTORE_STATUS_TRANSIENT, "not ready"},
      {"HTTP/1.1 302 Found\r\nLocation: http://example.invalid/\r\nContent-Length: 0\r\n\r\n", "", BLOCKSTORE_STATUS_FAILED,
       "example.invalid"},
      {"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "", BLOCKSTORE_STATUS_FAILED,
       "file:///etc/passwd"},
      {ENDLESS, "", BLOCKSTORE_STATUS_FAILED, "More than 16 MiB stand under this key"},
      {HEADERS, "", BLOCKSTORE_STATUS_FAILED, "header"},
      {ANSWER(""), ANSWER("[]"), BLOCKSTORE_STATUS_FAILED, "The answer is no node's"},
      {ANSWER(""), ANSWER("{\"node_id\":\"x\"}"), BLOCKSTORE_STATUS_FAILED, "The answer is no node's"},
      {ANSWER(""), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", BLOCKSTORE_STATUS_FAILED,
       "The node does not tell its state"},
      {ANSWER(""), "", BLOCKSTORE_STATUS_TRANSIENT, "127.0.0.1"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct node node = {.info = rows[i].info, .get = {rows[i].get, rows[i].get}};

    get_from(&node, rows[i].status, rows[i].text);
  }
}

static void a_node_that_hangs_or_drips_is_left_at_the_deadline(void **state) {
  static const char *const ways[] = {NULL, DRIP};

  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct node node = {.get = {ways[i], ANSWER(VALUE_LINE)}};
    struct host_store store;

    node_start(&node);
    open_on(&store, &node, NULL, "false");
    atomic_store(&store.call.looks, 3);
    assert_int_equal(host_get_immutable(&store, KEY), BLOCKSTORE_STATUS_CANCELLED);
    atomic_store(&store.call.looks, -1);
    host_holds_immutable(&store, KEY, "hello", 5);
    host_store_close(&store);
    node_stop(&node);
  }
}

/* ---- puts ---- */

static void puts_so(struct node *node, enum blockstore_status expected, const char *text) {
  struct host_store store;
  enum blockstore_status status;

  node_start(node);
  open_on(&store, node, NULL, "false");
  status = host_put_immutable(&store, KEY, "hello", 5);
  if (status != expected) fail_msg("status %d instead of %d: %s", (int)status, (int)expected, store.call.sentence);
  if (status != BLOCKSTORE_STATUS_OK) says(&store, text);
  host_store_close(&store);
  node_stop(node);
}

static void a_put_is_the_value_that_the_node_says_it_took(void **state) {
  struct node good = {.info = ANSWER(INFO(1)), .put = ECHO};
  struct node other = {.info = ANSWER(INFO(1)), .put = ANSWER("{\"data\":\"QlN2MWkAAAAAAAAAAGhlbGxw\",\"id\":\"1\"}")};
  struct node foreign = {.info = ANSWER(INFO(1)), .put = ANSWER("thank you")};
  struct node failing = {.info = ANSWER(INFO(1)),
                         .put = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 20\r\n\r\n{\"err\":\"Put failed\"}"};

  (void)state;
  puts_so(&good, BLOCKSTORE_STATUS_OK, "");
  assert_string_equal(good.body, "{\"data\":\"QlN2MWkAAAAAAAAAAGhlbGxv\",\"id\":\"13491846005581543471\"}");
  puts_so(&other, BLOCKSTORE_STATUS_FAILED, "The node took other bytes than were sent.");
  puts_so(&foreign, BLOCKSTORE_STATUS_FAILED, "The answer to a put is no node's");
  puts_so(&failing, BLOCKSTORE_STATUS_TRANSIENT, "Put failed");
}

static void a_put_that_fails_ends_in_its_status(void **state) {
  static const struct {
    const char *put;
    enum blockstore_status status;
    const char *text;
  } rows[] = {
      {"", BLOCKSTORE_STATUS_TRANSIENT, "127.0.0.1"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"data\":", BLOCKSTORE_STATUS_TRANSIENT, "closed within the data"},
      {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", BLOCKSTORE_STATUS_DENIED, "The value could not be put"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", BLOCKSTORE_STATUS_FAILED, "The value could not be put"},
      {"HTTP/1.1 507 Full\r\nContent-Length: 0\r\n\r\n", BLOCKSTORE_STATUS_NO_SPACE, "The value could not be put"},
      {"HTTP/1.1 307 Moved\r\nLocation: http://example.invalid/\r\nContent-Length: 0\r\n\r\n", BLOCKSTORE_STATUS_FAILED,
       "a redirect that is not followed, to http://example.invalid/"},
      {"HTTP/1.1 307 Moved\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", BLOCKSTORE_STATUS_FAILED,
       "file:///etc/passwd"},
      {ENDLESS, BLOCKSTORE_STATUS_FAILED, "longer than"},
      {HEADERS, BLOCKSTORE_STATUS_FAILED, "header"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct node node = {.info = ANSWER(INFO(1)), .put = rows[i].put};

    puts_so(&node, rows[i].status, rows[i].text);
  }
}

static void a_put_ends_at_its_deadline(void **state) {
  static const char *const ways[] = {NULL, DRIP};

  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct node node = {.info = ANSWER(INFO(1)), .put = ways[i]};
    struct host_store store;

    node_start(&node);
    open_on(&store, &node, NULL, "false");
    atomic_store(&store.call.looks, 8);
    assert_int_equal(host_put_immutable(&store, KEY, "hello", 5), BLOCKSTORE_STATUS_CANCELLED);
    host_store_close(&store);
    node_stop(&node);
  }
}

static void nothing_is_put_on_a_node_that_is_cut_off(void **state) {
  struct node node = {.info = ANSWER(INFO(0)), .put = ECHO};

  (void)state;
  puts_so(&node, BLOCKSTORE_STATUS_TRANSIENT, "The node is cut off");
  assert_int_equal(node.puts, 0);
}

static void a_node_may_be_asked_to_put_again(void **state) {
  struct node node = {.info = ANSWER(INFO(1)), .put = ECHO};
  struct host_store store;

  (void)state;
  node_start(&node);
  open_on(&store, &node, NULL, "true");
  assert_int_equal(host_put_mutable(&store, "id", "hello", 5), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_mutable(&store, "id", "hello", 5), BLOCKSTORE_STATUS_OK);
  assert_non_null(strstr(node.body, ",\"permanent\":true}"));
  assert_int_equal(node.infos, 1); /* it is not asked again while all goes well */
  host_store_close(&store);
  node_stop(&node);
}

static enum blockstore_status never_read(const struct blockstore_source *source, void *buffer, size_t length,
                                         uint64_t offset) {
  (void)source, (void)buffer, (void)length, (void)offset;
  fail_msg("the source was read");
  return BLOCKSTORE_STATUS_FAILED;
}

static void more_than_56_kib_is_refused_at_once(void **state) {
  static const uint64_t sizes[] = {57345, 1 << 20, (uint64_t)1 << 40};
  struct node node = {.info = ANSWER(INFO(1)), .put = ECHO};
  struct host_store store;

  (void)state;
  node_start(&node);
  open_on(&store, &node, NULL, "false");
  for (size_t i = 0; i < 3; i++) {
    const struct blockstore_source source = {.struct_size = sizeof source, .size = sizes[i], .read_at = never_read};

    assert_int_equal(store.driver->put_immutable_handler(store.self, &store.call.call, KEY, &source, NULL),
                     BLOCKSTORE_STATUS_TOO_LARGE);
    says(&store, "A value of the DHT has at most 57344 bytes");
  }
  assert_int_equal(node.infos + node.puts, 0);
  assert_int_equal(store.driver->delete_immutable_handler(store.self, &store.call.call, KEY, NULL),
                   BLOCKSTORE_STATUS_UNSUPPORTED);
  says(&store, "Nothing can be deleted from the DHT");
  assert_int_equal(store.driver->delete_mutable_handler(store.self, &store.call.call, "id", ""), BLOCKSTORE_STATUS_UNSUPPORTED);
  host_store_close(&store);
  node_stop(&node);
}

/* ---- several nodes ---- */

static void what_one_node_cannot_the_next_is_asked_for(void **state) {
  static const char *const ways[] = {"", ANSWER("<html>"), "HTTP/1.1 500 Internal\r\nContent-Length: 0\r\n\r\n", ANSWER(""),
                                     NULL, DRIP};

  (void)state;
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    struct node bad = {.info = ANSWER(INFO(0)), .get = {ways[i], ways[i]}, .put = ways[i]};
    struct node good = {.info = ANSWER(INFO(1)), .get = {ANSWER(VALUE_LINE), ANSWER(VALUE_LINE)}, .put = ECHO};
    struct host_store store;
    unsigned asked;

    node_start(&bad);
    node_start(&good);
    open_on(&store, &bad, &good, "false");
    host_holds_immutable(&store, KEY, "hello", 5);
    asked = bad.asked;
    assert_int_equal(asked, 1);
    host_holds_immutable(&store, KEY, "hello", 5);
    assert_int_equal(bad.asked, asked); /* who answered is asked first */
    assert_int_equal(host_put_immutable(&store, KEY, "hello", 5), BLOCKSTORE_STATUS_OK);
    node_stop(&good);
    assert_int_equal(host_put_immutable(&store, KEY, "hello", 5), BLOCKSTORE_STATUS_TRANSIENT);
    host_store_close(&store);
    node_stop(&bad);
  }
}

static void check_tells_of_the_nodes(void **state) {
  struct node cut_off = {.info = ANSWER(INFO(0))}, good = {.info = ANSWER(INFO(3))};
  struct host_store store;
  struct host_sink sink;

  (void)state;
  node_start(&cut_off);
  node_start(&good);
  open_on(&store, &cut_off, &good, "false");
  host_sink_init(&sink);
  assert_int_equal(store.driver->check(store.self, &store.call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_non_null(strstr((char *)sink.bytes, "{\"proxies\": 2, \"proxy\": \"http://127.0.0.1:"));
  assert_non_null(strstr((char *)sink.bytes, "\"node_id\": \"" ID "\", \"good_peers\": 3, \"dubious_peers\": 2, "
                                             "\"usable_proxies\": 1, \"seconds_kept\": 600, \"crowded_gets\": 0}"));
  host_sink_free(&sink);
  node_stop(&good);
  host_sink_init(&sink);
  assert_int_equal(store.driver->check(store.self, &store.call.call, &sink.sink), BLOCKSTORE_STATUS_TRANSIENT);
  host_sink_free(&sink);
  host_store_close(&store);
  node_stop(&cut_off);
}

static void one_that_answers_is_enough_for_check(void **state) {
  struct node good = {.info = ANSWER(INFO(3))}, hangs = {.info = NULL};
  struct host_store store;
  struct host_sink sink;

  (void)state;
  node_start(&good);
  node_start(&hangs);
  open_on(&store, &good, &hangs, "false");
  hangs.looks = &store.call.looks;
  host_sink_init(&sink);
  assert_int_equal(store.driver->check(store.self, &store.call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_non_null(strstr((char *)sink.bytes, "\"usable_proxies\": 1"));
  assert_int_equal(atomic_load(&hangs.infos), 1);
  host_sink_free(&sink);
  host_store_close(&store);
  node_stop(&good);
  node_stop(&hangs);
}

/* ---- settings ---- */

static void proxies_are_urls(void **state) {
  static const char *const wrong[] = {"",          "localhost:8080",           "ftp://localhost", "http://", "http://:80",
                                      "http:///x", "http://u:secret@localhost", "http://h/?q",     "http://h/#f", "http://h /"};
  struct host_store store;

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    const struct host_setting settings[] = {
        {"patience", "300"}, {"proxies", "http://localhost"}, {"proxies", wrong[i]}, {NULL, NULL}};

    if (host_store_try(&store, "dht", settings) != BLOCKSTORE_STATUS_FAILED) fail_msg("taken: %s", wrong[i]);
    says(&store, "proxies: Item 2 must be a URL such as http://localhost:8080");
    assert_null(strstr(store.call.sentence, "secret"));
  }
  assert_int_equal(host_store_try(&store, "dht", (const struct host_setting[]){{"patience", "300"}, {NULL, NULL}}),
                   BLOCKSTORE_STATUS_FAILED);
  says(&store, "proxies: The URL of one node's REST proxy at least is wanted.");
}

static void there_are_at_most_16(void **state) {
  struct host_setting settings[19] = {{"patience", "300"}};
  struct host_store store;

  (void)state;
  for (size_t i = 1; i <= 16; i++) settings[i] = (struct host_setting){"proxies", "HTTP://localhost:1///"};
  assert_int_equal(host_store_try(&store, "dht", settings), BLOCKSTORE_STATUS_OK);
  host_store_close(&store);
  settings[17] = settings[16];
  assert_int_equal(host_store_try(&store, "dht", settings), BLOCKSTORE_STATUS_FAILED);
  says(&store, "proxies: At most 16 are taken.");
}

static void patience_is_from_100_ms_to_an_hour(void **state) {
  static const struct {
    const char *patience;
    enum blockstore_status status;
  } rows[] = {{"0", BLOCKSTORE_STATUS_FAILED},
              {"99", BLOCKSTORE_STATUS_FAILED},
              {"100", BLOCKSTORE_STATUS_OK},
              {"3600000", BLOCKSTORE_STATUS_OK},
              {"3600001", BLOCKSTORE_STATUS_FAILED},
              {"4294967396", BLOCKSTORE_STATUS_FAILED}};
  struct host_store store;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct host_setting settings[] = {{"patience", rows[i].patience}, {"proxies", "http://localhost"}, {NULL, NULL}};

    assert_int_equal(host_store_try(&store, "dht", settings), rows[i].status);
    if (rows[i].status == BLOCKSTORE_STATUS_OK) host_store_close(&store);
    else says(&store, "patience: A time from 100ms to 1h was expected.");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(absence_is_believed_of_a_node_with_peers_that_looked_twice),
      cmocka_unit_test(foreign_values_are_absence),
      cmocka_unit_test(a_node_that_was_just_started_is_asked_again),
      cmocka_unit_test(a_node_that_is_cut_off_says_nothing),
      cmocka_unit_test(what_it_has_is_taken_all_the_same),
      cmocka_unit_test(the_object_is_enough),
      cmocka_unit_test(broken_answers_end_in_their_status),
      cmocka_unit_test(a_node_that_hangs_or_drips_is_left_at_the_deadline),
      cmocka_unit_test(a_put_is_the_value_that_the_node_says_it_took),
      cmocka_unit_test(a_put_that_fails_ends_in_its_status),
      cmocka_unit_test(a_put_ends_at_its_deadline),
      cmocka_unit_test(nothing_is_put_on_a_node_that_is_cut_off),
      cmocka_unit_test(a_node_may_be_asked_to_put_again),
      cmocka_unit_test(more_than_56_kib_is_refused_at_once),
      cmocka_unit_test(what_one_node_cannot_the_next_is_asked_for),
      cmocka_unit_test(check_tells_of_the_nodes),
      cmocka_unit_test(one_that_answers_is_enough_for_check),
      cmocka_unit_test(proxies_are_urls),
      cmocka_unit_test(there_are_at_most_16),
      cmocka_unit_test(patience_is_from_100_ms_to_an_hour),
  };

  return RUN_TESTS(tests);
}

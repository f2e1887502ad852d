/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* NOLINT(bugprone-reserved-identifier): its name, by feature_test_macros(7) */
#endif

#include "transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "peer.h"
#include "proxy.h"
#include "quiet.h"

#define IDLE_MOST 8
#define SLOW_SECONDS 15
#define SOON_MS 5
#define BUFFER_SIZE (128L << 10)
#define SOCKETS_MOST 64
#define PEM_MOST (16L << 20)
#define RATE_MOST (UINT64_C(1) << 40)

struct bs_transfer_pool {
  struct bs_proxy proxy;
  char *ca_file, *client_certificate, *client_key; /* NULL: not set */
  uint64_t minimum_rate, silence_ms; /* 0: whatever it is */
  pthread_mutex_t mutex; /* protects the rest */
  struct bs_transfer_line *idle[IDLE_MOST];
  size_t idle_count;
};

struct bs_transfer_line {
  struct bs_transfer_pool *pool;
  CURLM *multi;
  CURL *idle[BS_TRANSFER_PARALLEL_MOST];
  struct bs_transfer *running[BS_TRANSFER_PARALLEL_MOST];
  curl_socket_t sockets[SOCKETS_MOST]; /* of its connections, for an end without farewells */
  curl_socket_t watched;               /* the one that replies come on, while libcurl does not wait for them */
  size_t idle_count, running_count, socket_count;
};

static enum blockstore_status no_memory(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for a transfer.");
}

/* ---- the pool ---- */

static CURLcode initialised;

static void initialise(void) {
  struct bs_quiet quiet;

  bs_quiet_begin(&quiet);
  initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  bs_quiet_end(&quiet);
}

/* A file that ends, and whose opening does. */
static FILE *open_file(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat stat;
  FILE *file = NULL;

  if (fd < 0) return NULL;
  if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= PEM_MOST) file = fdopen(fd, "r");
  else errno = EINVAL;
  if (file == NULL) close(fd);
  return file;
}

static bool is_pem(FILE *file) {
  char line[256];

  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "-----BEGIN ", 11) == 0) return true;
  return false;
}

static enum blockstore_status read_file_option(char **ret_path, struct blockstore_call *call,
                                               const struct blockstore_settings *settings, const char *key) {
  const char *path = call->host->setting(settings, key, 0);
  FILE *file;
  bool good;

  if (path == NULL || path[0] == '\0') return BLOCKSTORE_STATUS_OK;
  file = open_file(path);
  if (file == NULL && errno != EINVAL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: %s: The file cannot be read: %s", key, path,
                           strerrordesc_np(errno));
  good = file != NULL && is_pem(file);
  if (file != NULL) fclose(file);
  if (!good) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: %s: A file in PEM format was expected.", key, path);
  *ret_path = strdup(path);
  return *ret_path == NULL ? no_memory(call) : BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_settings(struct bs_transfer_pool *pool, struct blockstore_call *call,
                                            const struct blockstore_settings *settings) {
  enum blockstore_status status = read_file_option(&pool->ca_file, call, settings, "ca_file");

  if (status == BLOCKSTORE_STATUS_OK)
    status = read_file_option(&pool->client_certificate, call, settings, "client_certificate");
  if (status == BLOCKSTORE_STATUS_OK) status = read_file_option(&pool->client_key, call, settings, "client_key");
  if (status == BLOCKSTORE_STATUS_OK && pool->client_key != NULL && pool->client_certificate == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "client_key: Its client_certificate was expected, too.");
  if (status == BLOCKSTORE_STATUS_OK) status = bs_proxy_open(&pool->proxy, call, settings);
  pool->minimum_rate = (uint64_t)call->host->setting_number(settings, "minimum_rate");
  pool->silence_ms = (uint64_t)call->host->setting_number(settings, "silence");
  if (status == BLOCKSTORE_STATUS_OK && pool->minimum_rate > RATE_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "minimum_rate: At most 1T was expected.");
  return status;
}

enum blockstore_status bs_transfer_open(struct bs_transfer_pool **ret_pool, struct blockstore_call *call,
                                        const struct blockstore_settings *settings) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  struct bs_transfer_pool *pool;
  enum blockstore_status status;

  pthread_once(&once, initialise);
  if (initialised != CURLE_OK)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "libcurl cannot be used: %s", curl_easy_strerror(initialised));
  pool = calloc(1, sizeof *pool);
  if (pool == NULL) return no_memory(call);
  pthread_mutex_init(&pool->mutex, NULL);
  status = read_settings(pool, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) *ret_pool = pool;
  else bs_transfer_close(pool);
  return status;
}

/* libcurl ends a connection by ftp with QUIT and waits for the answer: of a socket that is shut down there is none. */
void bs_transfer_hang_up(struct bs_transfer_line *line) {
  for (size_t i = 0; i < line->socket_count; i++) shutdown(line->sockets[i], SHUT_RDWR);
}

void bs_transfer_watch(struct bs_transfer_line *line, bool is_on) {
  line->watched = is_on && line->socket_count > 0 ? line->sockets[line->socket_count - 1] : CURL_SOCKET_BAD;
  if (is_on) curl_multi_wakeup(line->multi);
}

static void line_free(struct bs_transfer_line *line) {
  struct bs_quiet quiet;

  bs_quiet_begin(&quiet);
  bs_transfer_hang_up(line);
  while (line->idle_count > 0) {
    CURL *easy = line->idle[--line->idle_count];

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L); /* else it sets what SIGPIPE does, and sets it back */
    curl_easy_cleanup(easy);
  }
  curl_multi_cleanup(line->multi);
  bs_quiet_end(&quiet);
  free(line);
}

void bs_transfer_close(struct bs_transfer_pool *pool) {
  if (pool == NULL) return;
  while (pool->idle_count > 0) line_free(pool->idle[--pool->idle_count]);
  pthread_mutex_destroy(&pool->mutex);
  bs_proxy_close(&pool->proxy);
  free(pool->ca_file);
  free(pool->client_certificate);
  free(pool->client_key);
  free(pool);
}

/* The last returned: its connections are the likeliest to be open still. */
enum blockstore_status bs_transfer_borrow(struct bs_transfer_line **ret_line, struct bs_transfer_pool *pool,
                                          struct blockstore_call *call) {
  struct bs_transfer_line *line = NULL;

  pthread_mutex_lock(&pool->mutex);
  if (pool->idle_count > 0) line = pool->idle[--pool->idle_count];
  pthread_mutex_unlock(&pool->mutex);
  if (line == NULL) {
    line = calloc(1, sizeof *line);
    if (line == NULL) return no_memory(call);
    line->pool = pool;
    line->multi = bs_quiet_multi();
    if (line->multi == NULL) {
      free(line);
      return no_memory(call);
    }
    curl_multi_setopt(line->multi, CURLMOPT_MAXCONNECTS, (long)BS_TRANSFER_PARALLEL_MOST);
  }
  *ret_line = line;
  return BLOCKSTORE_STATUS_OK;
}

void bs_transfer_return(struct bs_transfer_line *line) {
  struct bs_transfer_pool *pool;

  if (line == NULL) return;
  pool = line->pool;
  pthread_mutex_lock(&pool->mutex);
  if (pool->idle_count < IDLE_MOST) {
    pool->idle[pool->idle_count++] = line;
    line = NULL;
  }
  pthread_mutex_unlock(&pool->mutex);
  if (line != NULL) line_free(line);
}

/* ---- what libcurl asks ---- */

uint64_t bs_transfer_body_size(const struct bs_transfer_body *body) {
  return body->head_length + body->length + body->tail_length;
}

/* Copies what of a part, `length` bytes from `begin` of the body on, lies at the place asked for. */
static size_t copy_part(char *buffer, size_t room, uint64_t at, const void *bytes, uint64_t begin, size_t length) {
  size_t skipped, count;

  if (at < begin || at - begin >= length) return 0;
  skipped = (size_t)(at - begin);
  count = length - skipped < room ? length - skipped : room;
  memcpy(buffer, (const char *)bytes + skipped, count);
  return count;
}

/* The bytes at body->at, of one part; 0: the source does not give them. */
static size_t read_part(char *buffer, size_t room, struct bs_transfer *transfer) {
  struct bs_transfer_body *body = &transfer->body;
  uint64_t tail = body->head_length + body->length;
  size_t length = copy_part(buffer, room, body->at, body->head, 0, body->head_length);

  if (length == 0 && body->at >= body->head_length && body->at < tail) {
    length = tail - body->at < room ? (size_t)(tail - body->at) : room;
    transfer->stopped =
        body->source->read_at(body->source, buffer, length, body->offset + (body->at - body->head_length));
    if (transfer->stopped != BLOCKSTORE_STATUS_OK) return 0;
  }
  if (length == 0) length = copy_part(buffer, room, body->at, body->tail, tail, body->tail_length);
  body->at += length;
  return length;
}

/* All there is room for: a small body with a head and a tail goes out in one piece. */
static size_t read_body(char *buffer, size_t size, size_t count, void *context) {
  struct bs_transfer *transfer = context;
  size_t room = size * count, length = 0, more;

  do length += more = read_part(buffer + length, room - length, transfer);
  while (more > 0 && length < room);
  if (transfer->stopped != BLOCKSTORE_STATUS_OK) return CURL_READFUNC_ABORT;
  transfer->moved += length;
  return length;
}

static int seek_body(void *context, curl_off_t offset, int origin) {
  struct bs_transfer *transfer = context;

  if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > bs_transfer_body_size(&transfer->body)) return CURL_SEEKFUNC_FAIL;
  transfer->body.at = (uint64_t)offset;
  return CURL_SEEKFUNC_OK;
}

static enum blockstore_status sink_bytes(struct bs_transfer *transfer, const void *bytes, size_t length) {
  if (!transfer->sunk) {
    curl_off_t size = -1;
    enum blockstore_status status;

    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    transfer->sunk = true;
    status = transfer->sink->begin(transfer->sink, size < 0 ? BLOCKSTORE_SIZE_UNKNOWN : (uint64_t)size);
    if (status != BLOCKSTORE_STATUS_OK) return status;
  }
  return transfer->sink->write(transfer->sink, bytes, length);
}

static size_t write_body(char *bytes, size_t size, size_t count, void *context) {
  struct bs_transfer *transfer = context;

  transfer->moved += size * count;
  if (transfer->take == NULL) transfer->coming = true;
  if (transfer->stopped == BLOCKSTORE_STATUS_OK) {
    if (transfer->call->host->time_left(transfer->call) == 0) transfer->stopped = blockstore_go_on(transfer->call);
    else if (transfer->take != NULL) transfer->stopped = transfer->take(transfer, bytes, size * count);
    else if (transfer->sink != NULL) transfer->stopped = sink_bytes(transfer, bytes, size * count);
  }
  return transfer->stopped == BLOCKSTORE_STATUS_OK ? size * count : CURL_WRITEFUNC_ERROR;
}

static bool is_allowed(struct bs_transfer *transfer, const struct sockaddr *address) {
  char text[INET6_ADDRSTRLEN] = "";

  if (!transfer->public_only || transfer->proxy != NULL || bs_peer_is_public(address)) return true;
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text);
  if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof text);
  snprintf(transfer->refused, sizeof transfer->refused, "%s", text[0] == '\0' ? "An address of another kind" : text);
  return false;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  struct bs_transfer *transfer = context;
  struct bs_transfer_line *line = transfer->line;
  int fd;

  (void)purpose;
  if (!is_allowed(transfer, &address->addr)) return CURL_SOCKET_BAD;
  fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd >= 0 && line->socket_count < SOCKETS_MOST) line->sockets[line->socket_count++] = fd;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static uint64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/*
 * Says that nothing more comes, and waits until the other side ends, too.  What it sends meanwhile, such as the tickets of
 * TLS 1.3, would else be answered by a reset, and that makes its kernel drop what it has not yet read.
 */
static void linger(struct blockstore_call *call, int fd, uint64_t silence_ms) {
  struct pollfd waits[2] = {{.fd = fd, .events = POLLIN}, {.fd = call->host->cancel_fd(call), .events = POLLIN}};
  char bytes[4096];
  ssize_t got = 1;
  uint64_t end = silence_ms == 0 ? UINT64_MAX : now() + silence_ms;

  shutdown(fd, SHUT_WR);
  while (got != 0 && call->host->time_left(call) > 0 && now() < end) {
    uint32_t left = call->host->time_left(call);

    poll(waits, 2, (int)(left < 250 ? left : 250));
    got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno != EAGAIN && errno != EINTR) return;
  }
}

static int close_socket(void *context, curl_socket_t fd) {
  struct bs_transfer_line *line = context;
  struct bs_transfer *transfer = line->running_count == 1 ? line->running[0] : NULL;

  if (transfer != NULL && transfer->linger && transfer->body.at == bs_transfer_body_size(&transfer->body)) {
    transfer->linger = false;
    linger(transfer->call, fd, line->pool->silence_ms);
  }
  for (size_t i = 0; i < line->socket_count; i++) {
    if (line->sockets[i] != fd) continue;
    if (line->watched == fd) line->watched = CURL_SOCKET_BAD;
    line->sockets[i] = line->sockets[--line->socket_count];
    break;
  }
  return close(fd);
}

/* What came on a connection before it was asked is no answer: bytes beyond the length of the last one. */
static void drop_noise(int fd) {
  char bytes[4096];

  if (recv(fd, bytes, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) return;
  shutdown(fd, SHUT_RDWR);
  while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
}

static int port_of(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
  } address = {.any.sa_family = AF_UNSPEC};
  socklen_t length = sizeof address;

  getsockname(fd, &address.any, &length);
  return ntohs(address.any.sa_family == AF_INET6 ? address.in6.sin6_port : address.in.sin_port);
}

/* A connection that was kept while others were in use.  What is shut down does not answer, and libcurl takes another. */
static void drop_noise_of_kept(const struct bs_transfer *transfer, int local_port) {
  const struct bs_transfer_line *line = transfer->line;
  long made = 1;

  curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &made);
  for (size_t i = 0; made == 0 && line->running_count > 1 && i < line->socket_count; i++)
    if (port_of(line->sockets[i]) == local_port) drop_noise(line->sockets[i]);
}

/* Before each request, on a new connection or a kept one: the address that it is connected to.
 * NOLINTNEXTLINE(readability-non-const-parameter): as libcurl wants it */
static int check_connection(void *context, char *remote, char *local, int remote_port, int local_port) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  bool allowed = false;

  (void)local, (void)remote_port;
  drop_noise_of_kept(context, local_port);
  if (inet_pton(AF_INET, remote, &in.sin_addr) == 1) allowed = is_allowed(context, (const struct sockaddr *)&in);
  else if (inet_pton(AF_INET6, remote, &in6.sin6_addr) == 1) allowed = is_allowed(context, (const struct sockaddr *)&in6);
  return allowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- a transfer ---- */

/* Each answers whether libcurl took all of it. */

static bool set_tls(CURL *easy, const struct bs_transfer_pool *pool, bool anonymous) {
  unsigned failed = 0;

  failed |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (pool->ca_file != NULL && !anonymous) {
    failed |= curl_easy_setopt(easy, CURLOPT_CAINFO, pool->ca_file);
    failed |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  }
  if (pool->ca_file != NULL) {
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, pool->ca_file);
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
  }
  if (pool->client_certificate != NULL && !anonymous) {
    failed |= curl_easy_setopt(easy, CURLOPT_SSLCERT, pool->client_certificate);
    failed |= curl_easy_setopt(easy, CURLOPT_SSLKEY, pool->client_key == NULL ? pool->client_certificate : pool->client_key);
    failed |= curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); /* else OpenSSL would ask on the terminal */
  }
  return failed == 0;
}

static bool set_callbacks(CURL *easy, struct bs_transfer *transfer) {
  unsigned failed = 0;

  failed |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  failed |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
  failed |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
  failed |= curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
  failed |= curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
  failed |= curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
  failed |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_body);
  failed |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  failed |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  failed |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
  failed |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  failed |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->line);
  failed |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, check_connection);
  failed |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
  return failed == 0;
}

static bool set_manners(CURL *easy) {
  unsigned failed = 0;

  failed |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  failed |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
  failed |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a resolver that hangs is left to itself */
  failed |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  failed |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  failed |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  failed |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  failed |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  /* After a transfer that could not begin, a handle has its buffers still, and refuses to change them. */
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
  return failed == 0;
}

/*
 * The proxy for such a URL; libcurl is not to look into the environment itself.  A proxy looks names up, and stands in a
 * network that we may not: where addresses are checked, it is asked only when the user has chosen it for this store.
 */
static enum blockstore_status set_proxy(struct bs_transfer *transfer, const char *scheme, const char *host) {
  const struct bs_proxy *proxy = &transfer->line->pool->proxy;
  const struct bs_proxy_server *server = bs_proxy_for(proxy, scheme, host);
  unsigned failed = 0;

  if (transfer->public_only && server != &proxy->asked) server = NULL;
  if (server != NULL && server->url == NULL)
    return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED,
                           "%.300s: %s: A URL of a proxy such as http://proxy.example:3128 was expected.", transfer->subject,
                           server->source);
  transfer->proxy = server == NULL ? NULL : server->url;
  failed |= curl_easy_setopt(transfer->easy, CURLOPT_PROXY, server == NULL ? "" : server->url);
  if (server != NULL) {
    failed |= curl_easy_setopt(transfer->easy, CURLOPT_PROXYUSERNAME, server->user);
    failed |= curl_easy_setopt(transfer->easy, CURLOPT_PROXYPASSWORD, server->password);
    failed |= curl_easy_setopt(transfer->easy, CURLOPT_NOPROXY, "");
  }
  return failed == 0 ? BLOCKSTORE_STATUS_OK : no_memory(transfer->call);
}

/* The URL, and by its scheme and host the proxy. */
static enum blockstore_status set_url(struct bs_transfer *transfer, const char *url) {
  CURLU *parsed = curl_url();
  char *scheme = NULL, *host = NULL;
  enum blockstore_status status;

  if (parsed == NULL) return no_memory(transfer->call);
  if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS) != CURLUE_OK ||
      strchr(url, '#') != NULL || curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
      curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK)
    status = blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED,
                             "%.300s: A URL without credentials and fragment was expected.", transfer->subject);
  else if (transfer->public_only && !bs_peer_host_is_public(host))
    status = blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED, "%.300s: The address is not allowed: %s is not public.",
                             transfer->subject, host);
  else if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK)
    status = no_memory(transfer->call);
  else
    status = set_proxy(transfer, scheme, host);
  curl_free(scheme);
  curl_free(host);
  curl_url_cleanup(parsed);
  return status;
}

char *bs_transfer_subject(const char *url) {
  size_t length = strcspn(url, "?#"), host, end;
  const char *slashes = strstr(url, "//");
  char *subject = malloc(length + 1);

  if (subject == NULL) return NULL;
  host = slashes != NULL && (size_t)(slashes - url) < length ? (size_t)(slashes - url) + 2 : 0;
  end = host;
  for (size_t i = host; i < length && url[i] != '/'; i++)
    if (url[i] == '@') end = i + 1;
  snprintf(subject, length + 1, "%.*s%.*s", (int)host, url, (int)(length - end), url + end);
  return subject;
}

enum blockstore_status bs_transfer_begin(struct bs_transfer *transfer, struct bs_transfer_line *line,
                                         struct blockstore_call *call, const char *url) {
  transfer->line = line;
  transfer->call = call;
  if (transfer->easy == NULL)
    transfer->easy = line->idle_count > 0 ? line->idle[--line->idle_count] : curl_easy_init();
  free(transfer->subject);
  transfer->subject = transfer->shown != NULL ? strdup(transfer->shown) : bs_transfer_subject(url);
  if (transfer->easy == NULL || transfer->subject == NULL) return no_memory(call);
  curl_easy_reset(transfer->easy);
  if (!set_manners(transfer->easy) || !set_tls(transfer->easy, line->pool, transfer->anonymous) ||
      !set_callbacks(transfer->easy, transfer))
    return no_memory(call);
  return set_url(transfer, url);
}

enum blockstore_status bs_transfer_start(struct bs_transfer *transfer) {
  struct bs_transfer_line *line = transfer->line;
  struct bs_quiet quiet;

  /* When none is in use: libcurl would take what came for the next answer, but for nothing on a socket that is empty. */
  for (size_t i = 0; line->running_count == 0 && i < line->socket_count; i++) drop_noise(line->sockets[i]);
  bs_transfer_watch(line, false);
  transfer->stopped = BLOCKSTORE_STATUS_OK;
  transfer->result = CURLE_OK;
  transfer->body.at = transfer->moved = transfer->window = transfer->waited = 0;
  transfer->error[0] = transfer->refused[0] = '\0';
  transfer->sunk = transfer->coming = transfer->moving = false;
  bs_quiet_begin(&quiet);
  transfer->running = line->running_count < BS_TRANSFER_PARALLEL_MOST &&
                      curl_multi_add_handle(line->multi, transfer->easy) == CURLM_OK;
  bs_quiet_end(&quiet);
  if (!transfer->running) return no_memory(transfer->call);
  line->running[line->running_count++] = transfer;
  return BLOCKSTORE_STATUS_OK;
}

static void stop(struct bs_transfer *transfer) {
  struct bs_transfer_line *line = transfer->line;
  struct bs_quiet quiet;

  if (!transfer->running) return;
  bs_quiet_begin(&quiet);
  curl_multi_remove_handle(line->multi, transfer->easy);
  bs_quiet_end(&quiet);
  transfer->running = false;
  for (size_t i = 0; i < line->running_count; i++) {
    if (line->running[i] != transfer) continue;
    line->running[i] = line->running[--line->running_count];
    break;
  }
}

void bs_transfer_end(struct bs_transfer *transfer) {
  struct bs_transfer_line *line = transfer->line;

  stop(transfer);
  if (transfer->easy != NULL) {
    curl_easy_reset(transfer->easy); /* it forgets passwords, and the transfer */
    if (line->idle_count < BS_TRANSFER_PARALLEL_MOST) line->idle[line->idle_count++] = transfer->easy;
    else curl_easy_cleanup(transfer->easy);
  }
  transfer->easy = NULL;
  free(transfer->subject);
  transfer->subject = NULL;
}

/* ---- the loop ---- */

/* The first that is over, taken out of the multi handle. */
static struct bs_transfer *find_over(CURLM *multi) {
  struct bs_transfer *transfer = NULL;
  CURLMsg *message;
  int left;

  while ((message = curl_multi_info_read(multi, &left)) != NULL) {
    CURLcode result = message->data.result;

    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    stop(transfer);
    transfer->result = result;
    return transfer;
  }
  return NULL;
}

static enum blockstore_status work(CURLM *multi) {
  struct bs_quiet quiet;
  CURLMcode code;
  int running;

  bs_quiet_begin(&quiet);
  code = curl_multi_perform(multi, &running);
  bs_quiet_end(&quiet);
  return code == CURLM_OK ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

/* Should bytes of a body flow?  Not while the server thinks. */
static bool is_moving(const struct bs_transfer *transfer) {
  return transfer->coming || (transfer->body.at > 0 && transfer->body.at < bs_transfer_body_size(&transfer->body));
}

/* What has to move in the time, so that it begins again. */
static uint64_t least_bytes(const struct bs_transfer *transfer) {
  uint64_t rate = transfer->line->pool->minimum_rate;

  return rate == 0 ? 1 : rate * SLOW_SECONDS;
}

/* In milliseconds; 0: for ever. */
static uint64_t longest_wait(const struct bs_transfer *transfer) {
  const struct bs_transfer_pool *pool = transfer->line->pool;

  if (transfer->moving && pool->minimum_rate > 0) return (uint64_t)SLOW_SECONDS * 1000;
  return pool->silence_ms > 0 && pool->silence_ms < transfer->thinking_ms ? transfer->thinking_ms : pool->silence_ms;
}

/* Counts time that was spent waiting for the network, not for source and sink.  The first that has waited too long, or NULL. */
static struct bs_transfer *find_late(struct bs_transfer_line *line, uint64_t waited) {
  for (size_t i = 0; i < line->running_count; i++) {
    struct bs_transfer *transfer = line->running[i];
    bool moving = is_moving(transfer);

    if (moving != transfer->moving || transfer->moved - transfer->window >= least_bytes(transfer)) {
      transfer->moving = moving;
      transfer->window = transfer->moved;
      transfer->waited = 0;
      continue;
    }
    transfer->waited += waited;
    if (longest_wait(transfer) > 0 && transfer->waited >= longest_wait(transfer)) return transfer;
  }
  return NULL;
}

static void stop_late(struct bs_transfer *transfer) {
  uint64_t rate = transfer->line->pool->minimum_rate;

  stop(transfer);
  transfer->stopped =
      transfer->moving && rate > 0
          ? blockstore_fail(transfer->call, BLOCKSTORE_STATUS_TRANSIENT,
                            "%.300s: The transfer was too slow: less than minimum_rate (%" PRIu64 " bytes a second) for %d s.",
                            transfer->subject, rate, SLOW_SECONDS)
          : blockstore_fail(transfer->call, BLOCKSTORE_STATUS_TRANSIENT,
                            "%.300s: The server has said nothing, or next to nothing, for %" PRIu64 " s (silence).",
                            transfer->subject, longest_wait(transfer) / 1000);
}

/* Waits for the network, or the end of the call.  What comes soon costs less than cancel_fd, which is not asked for at first. */
static void pause_for(struct bs_transfer_line *line, struct blockstore_call *call, bool is_first) {
  struct curl_waitfd extra[2];
  uint32_t left = call->host->time_left(call), most = is_first ? SOON_MS : 250;
  int cancel = is_first ? -1 : call->host->cancel_fd(call), ready;
  unsigned count = 0;

  if (cancel >= 0) {
    extra[count++] = (struct curl_waitfd){.fd = cancel, .events = CURL_WAIT_POLLIN};
    most = 1000;
  }
  if (line->watched != CURL_SOCKET_BAD) extra[count++] = (struct curl_waitfd){.fd = line->watched, .events = CURL_WAIT_POLLIN};
  curl_multi_poll(line->multi, extra, count, (int)(left < most ? left : most), &ready);
}

enum blockstore_status bs_transfer_wait(struct bs_transfer **ret_over, struct bs_transfer_line *line,
                                        struct blockstore_call *call) {
  enum blockstore_status status = blockstore_go_on(call);
  bool is_first = true;

  while (status == BLOCKSTORE_STATUS_OK) {
    struct bs_transfer *over;
    uint64_t begin;

    if (work(line->multi) != BLOCKSTORE_STATUS_OK) return no_memory(call);
    over = find_over(line->multi);
    if (over == NULL) {
      begin = now();
      pause_for(line, call, is_first);
      is_first = false;
      over = find_late(line, now() - begin);
      if (over != NULL) stop_late(over);
    }
    if (over != NULL) {
      *ret_over = over;
      return BLOCKSTORE_STATUS_OK;
    }
    status = blockstore_go_on(call);
  }
  return status;
}

enum blockstore_status bs_transfer_perform(struct bs_transfer *transfer) {
  struct bs_transfer *over;
  enum blockstore_status status = bs_transfer_start(transfer);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_transfer_wait(&over, transfer->line, transfer->call);
  if (status == BLOCKSTORE_STATUS_OK) return bs_transfer_judge(transfer);
  stop(transfer);
  return status;
}

enum blockstore_status bs_transfer_judge(const struct bs_transfer *transfer) {
  if (transfer->stopped != BLOCKSTORE_STATUS_OK) return transfer->stopped;
  if (transfer->result == CURLE_OK) return BLOCKSTORE_STATUS_OK;
  if (transfer->refused[0] != '\0')
    return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED, "%.300s: The address is not allowed: %s is not public.",
                           transfer->subject, transfer->refused);
  return bs_fault_judge(transfer->call, transfer->easy, transfer->result, transfer->subject, transfer->proxy,
                        transfer->error);
}

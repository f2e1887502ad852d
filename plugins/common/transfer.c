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
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "proxy.h"

#define IDLE_MOST 8
#define SLOW_SECONDS 15
#define BUFFER_SIZE (128L << 10)

struct bs_transfer_pool {
  struct bs_proxy proxy;
  char *ca_file, *client_certificate, *client_key; /* NULL: not set */
  uint64_t minimum_rate;
  pthread_mutex_t mutex; /* protects the rest */
  struct bs_transfer_line *idle[IDLE_MOST];
  size_t idle_count;
};

struct bs_transfer_line {
  struct bs_transfer_pool *pool;
  CURLM *multi;
  CURL *idle[BS_TRANSFER_PARALLEL_MOST];
  size_t idle_count;
};

/*
 * While libcurl works, signals are blocked: its threads inherit the mask, and OpenSSL's writes to a closed socket raise
 * SIGPIPE, which is taken back.
 */
struct quiet {
  sigset_t before;
  bool pending;
};

static bool is_pipe_pending(void) {
  sigset_t pending;

  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void quiet_begin(struct quiet *quiet) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
  sigset_t all;

  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_BLOCK, &all, &quiet->before);
  quiet->pending = is_pipe_pending();
}

static void quiet_end(const struct quiet *quiet) {
  static const struct timespec now = {0, 0};
  sigset_t pipes;

  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  if (!quiet->pending && is_pipe_pending())
    while (sigtimedwait(&pipes, NULL, &now) < 0 && errno == EINTR) continue;
  pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

static enum blockstore_status no_memory(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for a transfer.");
}

/* ---- the pool ---- */

static CURLcode initialised;

static void initialise(void) {
  struct quiet quiet;

  quiet_begin(&quiet);
  initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  quiet_end(&quiet);
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
  file = fopen(path, "re");
  if (file == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: %s: The file cannot be read: %s", key, path, strerror(errno));
  good = is_pem(file);
  fclose(file);
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

static void line_free(struct bs_transfer_line *line) {
  struct quiet quiet;

  quiet_begin(&quiet);
  while (line->idle_count > 0) curl_easy_cleanup(line->idle[--line->idle_count]);
  curl_multi_cleanup(line->multi);
  quiet_end(&quiet);
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
    line->multi = curl_multi_init();
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

static size_t read_body(char *buffer, size_t size, size_t count, void *context) {
  struct bs_transfer *transfer = context;
  struct bs_transfer_body *body = &transfer->body;
  uint64_t tail = body->head_length + body->length;
  size_t room = size * count, length;

  length = copy_part(buffer, room, body->at, body->head, 0, body->head_length);
  if (length == 0 && body->at >= body->head_length && body->at < tail) {
    length = tail - body->at < room ? (size_t)(tail - body->at) : room;
    transfer->stopped =
        body->source->read_at(body->source, buffer, length, body->offset + (body->at - body->head_length));
    if (transfer->stopped != BLOCKSTORE_STATUS_OK) return CURL_READFUNC_ABORT;
  }
  if (length == 0) length = copy_part(buffer, room, body->at, body->tail, tail, body->tail_length);
  body->at += length;
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
  if (transfer->stopped == BLOCKSTORE_STATUS_OK) {
    if (transfer->take != NULL) transfer->stopped = transfer->take(transfer, bytes, size * count);
    else if (transfer->sink != NULL) transfer->stopped = sink_bytes(transfer, bytes, size * count);
  }
  return transfer->stopped == BLOCKSTORE_STATUS_OK ? size * count : CURL_WRITEFUNC_ERROR;
}

static bool is_allowed(struct bs_transfer *transfer, const struct sockaddr *address) {
  char text[INET6_ADDRSTRLEN] = "";

  if (!transfer->public_only || transfer->proxied || bs_peer_is_public(address)) return true;
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text);
  if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof text);
  snprintf(transfer->refused, sizeof transfer->refused, "%s", text[0] == '\0' ? "An address of another kind" : text);
  return false;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  if (!is_allowed(context, &address->addr)) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Before each request, on a new connection or a kept one: the address that it is connected to. */
static int check_connection(void *context, char *remote, char *local, int remote_port, int local_port) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  bool allowed = false;

  (void)local, (void)remote_port, (void)local_port;
  if (inet_pton(AF_INET, remote, &in.sin_addr) == 1) allowed = is_allowed(context, (const struct sockaddr *)&in);
  else if (inet_pton(AF_INET6, remote, &in6.sin6_addr) == 1) allowed = is_allowed(context, (const struct sockaddr *)&in6);
  return allowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- a transfer ---- */

static void set_tls(CURL *easy, const struct bs_transfer_pool *pool) {
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (pool->ca_file != NULL) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, pool->ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, pool->ca_file);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
  }
  if (pool->client_certificate != NULL) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, pool->client_certificate);
    curl_easy_setopt(easy, CURLOPT_SSLKEY, pool->client_key == NULL ? pool->client_certificate : pool->client_key);
    curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); /* else OpenSSL would ask on the terminal */
  }
}

static void set_callbacks(CURL *easy, struct bs_transfer *transfer) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
  curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, check_connection);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
}

static void set_manners(CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

/* The URL, and by its scheme and host the proxy. */
static enum blockstore_status set_url(struct bs_transfer *transfer, const char *url) {
  CURLU *parsed = curl_url();
  char *scheme = NULL, *host = NULL;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  const char *proxy;

  if (parsed == NULL) return no_memory(transfer->call);
  if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS) != CURLUE_OK ||
      strchr(url, '#') != NULL || curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
      curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    status = blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED,
                             "%s: A URL without credentials and fragment was expected.", transfer->subject);
  } else {
    proxy = bs_proxy_for(&transfer->line->pool->proxy, scheme, host);
    transfer->proxied = proxy[0] != '\0';
    if (transfer->public_only && !bs_peer_host_is_public(host))
      status = blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED,
                               "%s: The address is not allowed: %s is not public.", transfer->subject, host);
    else if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK ||
             curl_easy_setopt(transfer->easy, CURLOPT_PROXY, proxy) != CURLE_OK ||
             curl_easy_setopt(transfer->easy, CURLOPT_NOPROXY, "") != CURLE_OK)
      status = no_memory(transfer->call);
  }
  curl_free(scheme);
  curl_free(host);
  curl_url_cleanup(parsed);
  return status;
}

enum blockstore_status bs_transfer_begin(struct bs_transfer *transfer, struct bs_transfer_line *line,
                                         struct blockstore_call *call, const char *url) {
  transfer->line = line;
  transfer->call = call;
  if (transfer->easy == NULL)
    transfer->easy = line->idle_count > 0 ? line->idle[--line->idle_count] : curl_easy_init();
  free(transfer->subject);
  transfer->subject = strndup(url, strcspn(url, "?#"));
  if (transfer->easy == NULL || transfer->subject == NULL) return no_memory(call);
  curl_easy_reset(transfer->easy);
  set_manners(transfer->easy);
  set_tls(transfer->easy, line->pool);
  set_callbacks(transfer->easy, transfer);
  return set_url(transfer, url);
}

enum blockstore_status bs_transfer_start(struct bs_transfer *transfer) {
  struct quiet quiet;

  transfer->stopped = BLOCKSTORE_STATUS_OK;
  transfer->result = CURLE_OK;
  transfer->body.at = transfer->moved = transfer->window = transfer->waited = 0;
  transfer->error[0] = transfer->refused[0] = '\0';
  transfer->sunk = false;
  quiet_begin(&quiet);
  transfer->running = curl_multi_add_handle(transfer->line->multi, transfer->easy) == CURLM_OK;
  quiet_end(&quiet);
  return transfer->running ? BLOCKSTORE_STATUS_OK : no_memory(transfer->call);
}

static void stop(struct bs_transfer *transfer) {
  struct quiet quiet;

  if (!transfer->running) return;
  quiet_begin(&quiet);
  curl_multi_remove_handle(transfer->line->multi, transfer->easy);
  quiet_end(&quiet);
  transfer->running = false;
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
  struct quiet quiet;
  CURLMcode code;
  int running;

  quiet_begin(&quiet);
  code = curl_multi_perform(multi, &running);
  quiet_end(&quiet);
  return code == CURLM_OK ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

static enum blockstore_status wait(CURLM *multi, struct blockstore_call *call) {
  int fd = call->host->cancel_fd(call), ready;
  uint32_t left = call->host->time_left(call), most = fd < 0 ? 250 : 1000;
  struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};

  curl_multi_poll(multi, fd < 0 ? NULL : &extra, fd < 0 ? 0 : 1, (int)(left < most ? left : most), &ready);
  return blockstore_go_on(call);
}

enum blockstore_status bs_transfer_wait(struct bs_transfer **ret_over, struct bs_transfer_line *line,
                                        struct blockstore_call *call) {
  enum blockstore_status status = blockstore_go_on(call);

  while (status == BLOCKSTORE_STATUS_OK) {
    if (work(line->multi) != BLOCKSTORE_STATUS_OK) return no_memory(call);
    *ret_over = find_over(line->multi);
    if (*ret_over != NULL) return BLOCKSTORE_STATUS_OK;
    status = wait(line->multi, call);
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

/* ---- what went wrong ---- */

static const struct {
  CURLcode code;
  enum blockstore_status status;
  const char *sentence; /* NULL: libcurl's own */
} reasons[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, BLOCKSTORE_STATUS_TRANSIENT, "No such host, or no name server answers: the proxy's"},
    {CURLE_COULDNT_RESOLVE_HOST, BLOCKSTORE_STATUS_TRANSIENT, "No such host, or no name server answers"},
    {CURLE_OPERATION_TIMEDOUT, BLOCKSTORE_STATUS_TRANSIENT, "No answer in time"},
    {CURLE_GOT_NOTHING, BLOCKSTORE_STATUS_TRANSIENT, "The connection was closed before an answer"},
    {CURLE_PARTIAL_FILE, BLOCKSTORE_STATUS_TRANSIENT, "The connection was broken off within the data"},
    {CURLE_SEND_ERROR, BLOCKSTORE_STATUS_TRANSIENT, "The connection was broken off"},
    {CURLE_OUT_OF_MEMORY, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for a transfer"},
    {CURLE_FAILED_INIT, BLOCKSTORE_STATUS_TRANSIENT, NULL},
    {CURLE_SSL_CERTPROBLEM, BLOCKSTORE_STATUS_FAILED, "The client certificate or its key cannot be used"},
    {CURLE_SSL_CACERT_BADFILE, BLOCKSTORE_STATUS_FAILED, "The trusted certificates cannot be read"},
    {CURLE_LOGIN_DENIED, BLOCKSTORE_STATUS_DENIED, "User or password are wrong"},
    {CURLE_REMOTE_ACCESS_DENIED, BLOCKSTORE_STATUS_DENIED, "The server denies access"},
    {CURLE_REMOTE_FILE_NOT_FOUND, BLOCKSTORE_STATUS_NOT_FOUND, "There is no such file"},
    {CURLE_REMOTE_DISK_FULL, BLOCKSTORE_STATUS_NO_SPACE, "The server's disk is full"},
};

static enum blockstore_status fail(const struct bs_transfer *transfer, enum blockstore_status status, const char *what,
                                   const char *why) {
  return blockstore_fail(transfer->call, status, "%.300s: %s%s%.300s.", transfer->subject, what, why[0] == '\0' ? "" : ": ",
                         why);
}

static enum blockstore_status judge_connect(const struct bs_transfer *transfer) {
  long reason = 0;

  curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &reason);
  if (reason == ECONNREFUSED) return fail(transfer, BLOCKSTORE_STATUS_TRANSIENT, "Nobody listens there", "");
  return fail(transfer, BLOCKSTORE_STATUS_TRANSIENT, "The host cannot be reached",
              reason == 0 ? transfer->error : strerror((int)reason));
}

static enum blockstore_status judge_certificate(const struct bs_transfer *transfer) {
  static const char begin[] = "SSL certificate problem: ";
  const char *why = transfer->error;

  if (strncmp(why, begin, strlen(begin)) == 0) why += strlen(begin);
  if (strstr(why, "subject name") != NULL) why = "it is for another host";
  return fail(transfer, BLOCKSTORE_STATUS_FAILED, "The certificate is not trusted", why);
}

/* A server that misses a certificate, or does not trust ours, says so within TLS. */
static enum blockstore_status judge_tls(const struct bs_transfer *transfer) {
  if (strstr(transfer->error, "alert certificate required") != NULL)
    return fail(transfer, BLOCKSTORE_STATUS_DENIED, "The server asks for a client certificate", "");
  if (strstr(transfer->error, "alert") != NULL && (strstr(transfer->error, "unknown ca") != NULL ||
      strstr(transfer->error, "certificate") != NULL))
    return fail(transfer, BLOCKSTORE_STATUS_DENIED, "The server does not accept the client certificate", transfer->error);
  if (transfer->result == CURLE_SSL_CONNECT_ERROR && strstr(transfer->error, "SSL_ERROR_SYSCALL") == NULL)
    return fail(transfer, BLOCKSTORE_STATUS_FAILED, "No connection by TLS", transfer->error);
  return fail(transfer, BLOCKSTORE_STATUS_TRANSIENT, "The connection was broken off", transfer->error);
}

enum blockstore_status bs_transfer_judge(const struct bs_transfer *transfer) {
  const char *why = transfer->error[0] == '\0' ? curl_easy_strerror(transfer->result) : transfer->error;

  if (transfer->stopped != BLOCKSTORE_STATUS_OK) return transfer->stopped;
  if (transfer->result == CURLE_OK) return BLOCKSTORE_STATUS_OK;
  if (transfer->refused[0] != '\0')
    return fail(transfer, BLOCKSTORE_STATUS_FAILED, "The address is not allowed, it is not public", transfer->refused);
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
    if (transfer->result == reasons[i].code)
      return fail(transfer, reasons[i].status, reasons[i].sentence == NULL ? why : reasons[i].sentence, "");
  if (transfer->result == CURLE_COULDNT_CONNECT) return judge_connect(transfer);
  if (transfer->result == CURLE_PEER_FAILED_VERIFICATION) return judge_certificate(transfer);
  if (transfer->result == CURLE_SSL_CONNECT_ERROR || transfer->result == CURLE_RECV_ERROR) return judge_tls(transfer);
  return fail(transfer, BLOCKSTORE_STATUS_FAILED, why, "");
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/bitcoind/rpc.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/base/text.h"

#define CONNECT_MS 10000L
#define COOKIE_MAX 1000       /* bytes */
#define KEPT_MAX (16u << 20)  /* bytes of memory that stay with a connection from one answer to the next */
#define ANSWER_DEPTH 24
#define SAID_MAX 300          /* bytes of what a node said that are told */

struct bs_rpc {
  CURL *easy;
  CURLM *multi;
  struct curl_slist *headers;
  char *url;    /* as configured */
  char *target; /* with the wallet */
  char *cookie;
  struct bs_buffer credentials; /* secret: USER:PASSWORD */
  size_t answer_max;
  struct bs_buffer request;  /* the batch that is collected, then on its way */
  struct bs_buffer incoming; /* its answer, as far as it came */
  struct bs_buffer answer;   /* the one that was received last */
  size_t added;              /* calls in request; 0: none is collected */
  size_t sent;               /* calls on their way; 0: none */
  uint64_t first_id;         /* of the calls in request */
  bool too_large;
  bool out_of_memory;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_code;

static void initialise(void) {
  global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- opening ---- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *user) {
  struct bs_rpc *rpc = user;

  if (size * count > rpc->answer_max - rpc->incoming.length) {
    rpc->too_large = true;
    return 0;
  }
  bs_buffer_add(&rpc->incoming, bytes, size * count);
  rpc->out_of_memory = rpc->incoming.failed;
  return rpc->out_of_memory ? 0 : size * count;
}

static bool set_up(struct bs_rpc *rpc, struct bs_error *error) {
  bool good;

  rpc->easy = curl_easy_init();
  rpc->multi = curl_multi_init();
  /* A batch may be long; nobody is asked before it is sent. */
  rpc->headers = curl_slist_append(NULL, "Content-Type: application/json");
  if (rpc->easy == NULL || rpc->multi == NULL || rpc->headers == NULL || curl_slist_append(rpc->headers, "Expect:") == NULL)
    return bs_fail_memory(error);
  good = curl_easy_setopt(rpc->easy, CURLOPT_URL, rpc->target) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_PROXY, "") == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_BUFFERSIZE, 512 * 1024L) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_HTTPHEADER, rpc->headers) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
         curl_easy_setopt(rpc->easy, CURLOPT_WRITEDATA, rpc) == CURLE_OK;
  return good || bs_fail_memory(error);
}

static bool check_config(const struct bs_rpc_config *config, struct bs_error *error) {
  const char *url = config->url, *host = url == NULL ? NULL : strstr(url, "://");

  if (host == NULL || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || host[3] == '\0')
    return bs_fail(error, BS_WORD_config,
                   "The URL of a Bitcoin node begins with http:// and has a host, as http://127.0.0.1:8332.");
  if (strpbrk(host + 3, "@?#") != NULL)
    return bs_fail(error, BS_WORD_config,
                   "The URL of a Bitcoin node has scheme, host and port only: user and password are given beside it.");
  if (config->cookie == NULL && (config->user == NULL || config->password == NULL))
    return bs_fail(error, BS_WORD_config, "The Bitcoin node at %s needs a cookie file, or user and password.", url);
  return true;
}

static bool set_target(struct bs_rpc *rpc, const char *wallet, struct bs_error *error) {
  size_t length = strlen(rpc->url);
  char *name = wallet == NULL ? NULL : curl_easy_escape(NULL, wallet, 0);
  int written;

  if (wallet != NULL && name == NULL) return bs_fail_memory(error);
  while (length > 0 && rpc->url[length - 1] == '/') length--;
  written = asprintf(&rpc->target, "%.*s/%s%s", (int)length, rpc->url, name == NULL ? "" : "wallet/", name == NULL ? "" : name);
  curl_free(name);
  if (written >= 0) return true;
  rpc->target = NULL;
  return bs_fail_memory(error);
}

bool bs_rpc_open(struct bs_rpc **ret_rpc, const struct bs_rpc_config *config, struct bs_error *error) {
  struct bs_rpc *rpc;

  if (!check_config(config, error)) return false;
  pthread_once(&once, initialise);
  if (global_code != CURLE_OK)
    return bs_fail(error, BS_WORD_failed, "libcurl could not be initialised: %s.", curl_easy_strerror(global_code));
  rpc = calloc(1, sizeof *rpc);
  if (rpc == NULL) return bs_fail_memory(error);
  rpc->answer_max = config->answer_max == 0 ? BS_RPC_ANSWER_MAX : config->answer_max;
  rpc->url = strdup(config->url);
  rpc->cookie = config->cookie == NULL ? NULL : strdup(config->cookie);
  if (config->cookie == NULL) {
    bs_buffer_reserve(&rpc->credentials, strlen(config->user) + strlen(config->password) + 2);
    bs_buffer_text(&rpc->credentials, config->user);
    bs_buffer_byte(&rpc->credentials, ':');
    bs_buffer_text(&rpc->credentials, config->password);
  }
  if (rpc->url == NULL || (config->cookie != NULL && rpc->cookie == NULL)) {
    bs_fail_memory(error);
  } else if (set_target(rpc, config->wallet, error) && set_up(rpc, error) && bs_buffer_ok(&rpc->credentials, error)) {
    *ret_rpc = rpc;
    return true;
  }
  bs_rpc_close(rpc);
  return false;
}

void bs_rpc_close(struct bs_rpc *rpc) {
  if (rpc == NULL) return;
  bs_rpc_drop(rpc);
  curl_easy_cleanup(rpc->easy);
  if (rpc->multi != NULL) curl_multi_cleanup(rpc->multi);
  curl_slist_free_all(rpc->headers);
  bs_buffer_wipe(&rpc->credentials);
  bs_buffer_free(&rpc->request);
  bs_buffer_free(&rpc->incoming);
  bs_buffer_free(&rpc->answer);
  free(rpc->url);
  free(rpc->target);
  free(rpc->cookie);
  free(rpc);
}

const char *bs_rpc_url(const struct bs_rpc *rpc) {
  return rpc->url;
}

/* ---- failures ---- */

/* Part of what came, so that it can be shown. */
static void quote(char *said, size_t size, const unsigned char *bytes, size_t length) {
  size_t most = length < size - 1 ? length : size - 1;

  if (most > 0) memcpy(said, bytes, most);
  said[most] = '\0';
  bs_text_tidy(said);
}

static bool fail_transfer(const struct bs_rpc *rpc, CURLcode code, struct bs_error *error) {
  if (rpc->out_of_memory || code == CURLE_OUT_OF_MEMORY) return bs_fail_memory(error);
  if (rpc->too_large)
    return bs_fail_as(error, BLOCKSTORE_ERROR, BS_WORD_too_large, "The Bitcoin node at %s answered with more than %zu bytes.",
                      rpc->url, rpc->answer_max);
  if (code == CURLE_COULDNT_CONNECT)
    return bs_fail(error, BS_WORD_no_names,
                   "Nothing answers at %s: the Bitcoin node is not running, takes no RPC (server=1), or listens elsewhere.",
                   rpc->url);
  return bs_fail(error, BS_WORD_no_names, "The Bitcoin node at %s did not answer: %s.", rpc->url, curl_easy_strerror(code));
}

static bool fail_denied(const struct bs_rpc *rpc, struct bs_error *error) {
  if (rpc->cookie != NULL)
    return bs_fail(error, BS_WORD_denied, "The Bitcoin node at %s does not take the cookie in %s: is it another node's?",
                   rpc->url, rpc->cookie);
  return bs_fail(error, BS_WORD_denied, "The Bitcoin node at %s does not take the user and password given.", rpc->url);
}

static bool fail_status(const struct bs_rpc *rpc, long status, struct bs_error *error) {
  char said[SAID_MAX];

  quote(said, sizeof said, rpc->incoming.bytes, rpc->incoming.length);
  if (status == 403)
    return bs_fail(error, BS_WORD_denied, "The Bitcoin node at %s takes no RPC from this machine (rpcallowip).", rpc->url);
  return bs_fail(error, BS_WORD_no_names, "The Bitcoin node at %s answered with HTTP status %ld%s%s.", rpc->url, status,
                 said[0] == '\0' ? "" : ": ", said);
}

static bool fail_strange(const struct bs_rpc *rpc, const char *what, struct bs_error *error) {
  return bs_fail(error, BS_WORD_no_names, "What answers at %s is no Bitcoin node: %s.", rpc->url, what);
}

bool bs_rpc_fail_answer(const struct bs_rpc *rpc, const char *method, const char *what, struct bs_error *error) {
  return bs_fail(error, BS_WORD_no_names, "The Bitcoin node at %s answered %s without %s.", rpc->url, method, what);
}

bool bs_rpc_fail(const struct bs_rpc *rpc, const char *method, const struct bs_rpc_result *result, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char said[SAID_MAX];

  bs_json_string(result->message, &text);
  quote(said, sizeof said, text.bytes, text.length);
  if (result->code == BS_RPC_WARMING_UP)
    return bs_fail(error, BS_WORD_no_names, "The Bitcoin node at %s is still starting: %s", rpc->url, said);
  return bs_fail(error, BS_WORD_failed, "The Bitcoin node at %s answered %s with error %" PRId64 ": %s", rpc->url, method,
                 result->code, said);
}

/* ---- a batch on its way ---- */

void bs_rpc_drop(struct bs_rpc *rpc) {
  if (rpc->sent > 0) curl_multi_remove_handle(rpc->multi, rpc->easy);
  rpc->first_id += rpc->sent;
  rpc->sent = 0;
  rpc->added = 0;
  bs_buffer_clear(&rpc->request);
}

void bs_rpc_add(struct bs_rpc *rpc, const char *method, const char *parameters, ...) {
  va_list arguments;
  char *text BS_AUTO_FREE = NULL;
  int length;

  if (rpc->sent > 0) bs_rpc_drop(rpc);
  va_start(arguments, parameters);
  length = vasprintf(&text, parameters, arguments);
  va_end(arguments);
  if (length < 0) {
    text = NULL;
    rpc->request.failed = true;
    return;
  }
  bs_buffer_format(&rpc->request, "%s{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":[",
                   rpc->added == 0 ? "[" : ",", rpc->first_id + rpc->added, method);
  bs_buffer_text(&rpc->request, text);
  bs_buffer_text(&rpc->request, "]}");
  rpc->added++;
}

static bool read_cookie(struct bs_rpc *rpc, struct bs_error *error) {
  bs_buffer_wipe(&rpc->credentials);
  bs_buffer_reserve(&rpc->credentials, COOKIE_MAX + 1);
  if (!bs_file_read(&rpc->credentials, rpc->cookie, COOKIE_MAX, error)) {
    if (error->word == BS_WORD_not_found)
      return bs_fail(error, BS_WORD_no_names,
                     "There is no cookie file %s: the Bitcoin node is not running, has its data elsewhere, or wants user and"
                     " password.",
                     rpc->cookie);
    return bs_context(error, "The cookie of the Bitcoin node");
  }
  while (rpc->credentials.length > 0 && rpc->credentials.bytes[rpc->credentials.length - 1] == '\n') rpc->credentials.length--;
  if (memchr(rpc->credentials.bytes, ':', rpc->credentials.length) != NULL) return true;
  return bs_fail(error, BS_WORD_config, "%s: This is no cookie file of a Bitcoin node.", rpc->cookie);
}

/* Hands the request to curl. */
static bool launch(struct bs_rpc *rpc, struct bs_error *error) {
  const char *credentials;

  if (rpc->credentials.length == 0 && rpc->cookie != NULL && !read_cookie(rpc, error)) return false;
  credentials = bs_buffer_string(&rpc->credentials);
  if (rpc->incoming.capacity > KEPT_MAX) bs_buffer_free(&rpc->incoming);
  bs_buffer_clear(&rpc->incoming);
  rpc->too_large = rpc->out_of_memory = false;
  if (credentials == NULL || curl_easy_setopt(rpc->easy, CURLOPT_USERPWD, credentials) != CURLE_OK ||
      curl_easy_setopt(rpc->easy, CURLOPT_POSTFIELDS, (char *)rpc->request.bytes) != CURLE_OK ||
      curl_easy_setopt(rpc->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rpc->request.length) != CURLE_OK ||
      curl_multi_add_handle(rpc->multi, rpc->easy) != CURLM_OK)
    return bs_fail_memory(error);
  rpc->sent = rpc->added;
  rpc->added = 0;
  return true;
}

static bool is_uploaded(const struct bs_rpc *rpc) {
  curl_off_t uploaded = 0;

  return curl_easy_getinfo(rpc->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded) == CURLE_OK &&
         uploaded >= (curl_off_t)rpc->request.length;
}

/* Until it is sent or, with `whole`, answered. */
static bool pump(struct bs_rpc *rpc, const struct bs_scope *scope, bool whole, struct bs_error *error) {
  struct curl_waitfd cancelled = {.fd = scope == NULL ? -1 : scope->fd, .events = CURL_WAIT_POLLIN};
  int running = 1;

  for (;;) {
    uint32_t left = scope == NULL ? UINT32_MAX : bs_scope_time_left(scope);

    if (curl_multi_perform(rpc->multi, &running) != CURLM_OK) return bs_fail_memory(error);
    if (running == 0 || (!whole && is_uploaded(rpc))) return true;
    if (scope != NULL && !bs_scope_check(scope, error)) return bs_context(error, "The Bitcoin node at %s", rpc->url);
    if (curl_multi_poll(rpc->multi, &cancelled, scope == NULL ? 0 : 1, left < 1000 ? (int)left : 1000, NULL) != CURLM_OK)
      return bs_fail_memory(error);
  }
}

bool bs_rpc_send(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_error *error) {
  bs_buffer_text(&rpc->request, "]");
  if (bs_buffer_ok(&rpc->request, error) && launch(rpc, error) && pump(rpc, scope, false, error)) return true;
  bs_rpc_drop(rpc);
  return false;
}

/* *ret_status: of HTTP. */
static bool finish(struct bs_rpc *rpc, const struct bs_scope *scope, long *ret_status, struct bs_error *error) {
  CURLcode code = CURLE_OK;
  int left;

  if (!pump(rpc, scope, true, error)) return false;
  for (CURLMsg *message; (message = curl_multi_info_read(rpc->multi, &left)) != NULL;)
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  curl_multi_remove_handle(rpc->multi, rpc->easy);
  *ret_status = 0;
  if (code == CURLE_OK && curl_easy_getinfo(rpc->easy, CURLINFO_RESPONSE_CODE, ret_status) == CURLE_OK) return true;
  return fail_transfer(rpc, code, error);
}

/* A node that was restarted has another cookie: it is read again, once. */
static bool finish_or_repeat(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_error *error) {
  long status;

  if (!finish(rpc, scope, &status, error)) return false;
  if (status == 401 && rpc->cookie != NULL) {
    size_t sent = rpc->sent;

    rpc->sent = 0;
    rpc->added = sent;
    if (!read_cookie(rpc, error) || !launch(rpc, error) || !finish(rpc, scope, &status, error)) return false;
  }
  if (status == 401) return fail_denied(rpc, error);
  /* Errors of single calls come as 500 or 404, with JSON. */
  if (status == 200 || (rpc->incoming.length > 0 && rpc->incoming.bytes[0] == '{')) return true;
  return fail_status(rpc, status, error);
}

/* ---- its answer ---- */

static int64_t code_of(struct bs_json value) {
  uint64_t code = 0;
  bool negative = value.length > 1 && value.text[0] == '-';
  struct bs_json digits = {value.text + negative, value.length - negative};

  if (!bs_json_integer(digits, &code) || code == 0) return BS_RPC_MISC;
  return negative ? -(int64_t)code : (int64_t)code;
}

static void take_error(struct bs_rpc_result *result, struct bs_json error_value) {
  struct bs_json code;

  result->code = bs_json_find(error_value, "code", &code) ? code_of(code) : BS_RPC_MISC;
  if (!bs_json_find(error_value, "message", &result->message)) result->message = error_value;
}

/* One reply; id: where the node put it. */
static bool take_reply(struct bs_json reply, struct bs_rpc_result *ret_result, uint64_t *ret_id) {
  static const char null[] = "null";
  struct bs_json_iterator members = bs_json_begin(reply);
  struct bs_json key, value;
  struct bs_rpc_result result = {{null, 4}, 0, {null, 4}};
  bool has_id = false, has_result = false;

  if (bs_json_type(reply) != BS_JSON_OBJECT) return false;
  while (bs_json_next_member(&members, &key, &value)) {
    if (bs_json_string_is(key, "id", 2)) has_id = bs_json_integer(value, ret_id);
    if (bs_json_string_is(key, "result", 6)) {
      result.value = value;
      has_result = true;
    }
    if (bs_json_string_is(key, "error", 5) && bs_json_type(value) != BS_JSON_NULL) take_error(&result, value);
  }
  *ret_result = result;
  return has_id && (has_result || result.code != 0);
}

static bool take_replies(const struct bs_rpc *rpc, struct bs_json root, struct bs_rpc_result *results, size_t count,
                         struct bs_error *error) {
  struct bs_json_iterator items = bs_json_begin(root);
  struct bs_json item;
  size_t taken = 0;

  for (size_t i = 0; i < count; i++) results[i].value.text = NULL;
  while (bs_json_next_item(&items, &item)) {
    struct bs_rpc_result result;
    uint64_t id = 0;

    if (!take_reply(item, &result, &id)) return fail_strange(rpc, "a reply has no id, or neither result nor error", error);
    if (id < rpc->first_id || id - rpc->first_id >= count || results[id - rpc->first_id].value.text != NULL)
      return fail_strange(rpc, "a reply has the id of another request", error);
    results[id - rpc->first_id] = result;
    taken++;
  }
  if (taken == count) return true;
  return fail_strange(rpc, "it left out replies", error);
}

/* A node that cannot even look at a batch answers with one error. */
static bool fail_whole(const struct bs_rpc *rpc, struct bs_json root, struct bs_error *error) {
  struct bs_rpc_result result = {.code = 0};
  struct bs_json value;

  if (!bs_json_find(root, "error", &value) || bs_json_type(value) == BS_JSON_NULL)
    return fail_strange(rpc, "it answered a batch with one reply", error);
  take_error(&result, value);
  return bs_rpc_fail(rpc, "a batch", &result, error);
}

static bool read_answer(struct bs_rpc *rpc, struct bs_rpc_result *results, size_t count, struct bs_error *error) {
  const struct bs_json_limits limits = {rpc->answer_max, ANSWER_DEPTH};
  struct bs_buffer before = rpc->answer;
  struct bs_json root;

  rpc->answer = rpc->incoming;
  rpc->incoming = before;
  if (!bs_json_scan(&root, rpc->answer.bytes, rpc->answer.length, &limits, error))
    return error->word != BS_WORD_no_memory && fail_strange(rpc, "its answer is no JSON", error);
  if (bs_json_type(root) == BS_JSON_OBJECT) return fail_whole(rpc, root, error);
  if (bs_json_type(root) != BS_JSON_ARRAY) return fail_strange(rpc, "its answer is no array", error);
  return take_replies(rpc, root, results, count, error);
}

bool bs_rpc_receive(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_rpc_result *results, size_t count,
                    struct bs_error *error) {
  bool good;

  if (rpc->sent != count) {
    bs_rpc_drop(rpc);
    return bs_fail(error, BS_WORD_failed, "Of a batch for the Bitcoin node at %s another number of answers is wanted.", rpc->url);
  }
  good = finish_or_repeat(rpc, scope, error) && read_answer(rpc, results, count, error);
  bs_rpc_drop(rpc);
  return good;
}

/* ---- one call ---- */

__attribute__((format(printf, 5, 0))) static bool run(struct bs_rpc *rpc, const struct bs_scope *scope,
                                                       struct bs_rpc_result *ret_result, const char *method,
                                                       const char *parameters, va_list arguments, struct bs_error *error) {
  char *text BS_AUTO_FREE = NULL;

  bs_rpc_drop(rpc);
  if (vasprintf(&text, parameters, arguments) < 0) {
    text = NULL;
    return bs_fail_memory(error);
  }
  bs_rpc_add(rpc, method, "%s", text);
  return bs_rpc_send(rpc, scope, error) && bs_rpc_receive(rpc, scope, ret_result, 1, error);
}

bool bs_rpc_try(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_rpc_result *ret_result, struct bs_error *error,
                const char *method, const char *parameters, ...) {
  va_list arguments;
  bool good;

  va_start(arguments, parameters);
  good = run(rpc, scope, ret_result, method, parameters, arguments, error);
  va_end(arguments);
  return good;
}

bool bs_rpc_call(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_json *ret_value, struct bs_error *error,
                 const char *method, const char *parameters, ...) {
  struct bs_rpc_result result = {.code = 0};
  va_list arguments;
  bool good;

  va_start(arguments, parameters);
  good = run(rpc, scope, &result, method, parameters, arguments, error);
  va_end(arguments);
  if (!good) return false;
  if (result.code != 0) return bs_rpc_fail(rpc, method, &result, error);
  *ret_value = result.value;
  return true;
}

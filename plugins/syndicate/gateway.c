/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/syndicate/gateway.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "plugins/common/endpoint.h"
#include "plugins/common/url.h"

/* A gateway keeps the body of a write in memory until it has all of it. */
#define PIECE ((uint64_t)16 << 20)
#define SESSION_LONGEST 256
#define REPLY_MOST ((size_t)64 << 10)
#define LIST_MOST ((size_t)4 << 20)

/* ---- lifecycle ---- */

static bool is_session(const char *name) {
  return name[0] != '\0' && strlen(name) <= SESSION_LONGEST && strchr(name, ':') == NULL;
}

enum blockstore_status bs_syndicate_open(struct bs_syndicate_gateway *ret_gateway, struct blockstore_call *call,
                                         const struct blockstore_settings *settings) {
  bool allow_http = call->host->setting_number(settings, "allow_http") != 0;
  enum blockstore_status status;

  *ret_gateway = (struct bs_syndicate_gateway){
      .credentials = {.user = call->host->setting(settings, "session", 0), .password = call->host->setting(settings, "key", 0)}};
  status = bs_endpoint_take(&ret_gateway->url, call, "gateway", call->host->setting(settings, "gateway", 0), allow_http);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!is_session(ret_gateway->credentials.user))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "session: The name of a session was expected, 1 to %d bytes without a colon.", SESSION_LONGEST);
  return bs_http_open(&ret_gateway->http, call, settings);
}

void bs_syndicate_close(struct bs_syndicate_gateway *gateway) {
  bs_http_close(gateway->http);
  free(gateway->url);
  *gateway = (struct bs_syndicate_gateway){0};
}

/* ---- answers ---- */

/* A gateway says 500 for all that goes wrong in the volume; which it was stands in its words at most. */
static enum blockstore_status status_of_words(const char *name, const char *said) {
  static const struct {
    const char *name, *words;
    enum blockstore_status status;
  } rows[] = {{"ENOSPC", "No space left", BLOCKSTORE_STATUS_NO_SPACE},
              {"EDQUOT", "quota exceeded", BLOCKSTORE_STATUS_NO_SPACE},
              {"EFBIG", "File too large", BLOCKSTORE_STATUS_TOO_LARGE},
              {"EEXIST", "File exists", BLOCKSTORE_STATUS_CONFLICT},
              {"EACCES", "Permission denied", BLOCKSTORE_STATUS_DENIED},
              {"EPERM", "Operation not permitted", BLOCKSTORE_STATUS_DENIED},
              {"EROFS", "Read-only file system", BLOCKSTORE_STATUS_DENIED}};

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if ((name != NULL && strcmp(name, rows[i].name) == 0) || (said != NULL && strcasestr(said, rows[i].words) != NULL))
      return rows[i].status;
  return BLOCKSTORE_STATUS_TRANSIENT;
}

/* What has no `result` is some other server's: its 404 says nothing of the object. */
static enum blockstore_status judge_error(const struct bs_http_request *request, struct blockstore_call *call,
                                          const char *doing, const cJSON *reply) {
  const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "name"));
  const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "message"));
  bool own = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(reply, "result"));
  enum blockstore_status status = bs_http_judge(request, call, doing, said);

  switch (request->code) {
    case 401:
      return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED,
                             "%s: The gateway takes `session` and `key` for wrong (401).", doing);
    case 403:
      if (!own) return status;
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "%s: The gateway does not know the operation, or not in this volume (403).", doing);
    case 404:
      if (own) return BLOCKSTORE_STATUS_NOT_FOUND;
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "%s: What answers at `gateway` (404) is no Syndicate user gateway.", doing);
    case 410: return BLOCKSTORE_STATUS_FAILED;
    case 500: return own ? status_of_words(name, said) : status;
    default: return status;
  }
}

static enum blockstore_status judge(const struct bs_http_request *request, struct blockstore_call *call, const char *doing) {
  enum blockstore_status status;
  cJSON *reply;

  if (request->code == 200) return BLOCKSTORE_STATUS_OK;
  if (request->code > 200 && request->code <= 299)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The gateway answered %d, which is no answer of its.", doing,
                           request->code);
  reply = request->reply == NULL ? NULL : cJSON_ParseWithLength(request->reply, request->reply_length);
  status = judge_error(request, call, doing, reply);
  cJSON_Delete(reply);
  return status;
}

/* ---- requests ---- */

/* GATEWAY/fs/PATH?QUERY, by free(); NULL when memory runs out. */
static char *url_in_volume(const struct bs_syndicate_gateway *gateway, const char *path, const char *query) {
  char escaped[3 * BS_SYNDICATE_PATH_LONGEST + 1], *url;

  bs_url_escape(escaped, sizeof escaped, path, strlen(path), BS_URL_PATH);
  return asprintf(&url, "%s/fs/%s?%s", gateway->url, escaped, query) < 0 ? NULL : url;
}

/* Performs the request at a URL, NULL when there was no memory for it; any answer is OK. */
static enum blockstore_status perform(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                      struct bs_http_request *request, const char *url) {
  if (url == NULL) return bs_plugin_fail_memory(call);
  request->url = url;
  request->credentials = &gateway->credentials;
  if (request->reply_most == 0) request->reply_most = REPLY_MOST;
  return bs_http_perform(gateway->http, call, request);
}

static enum blockstore_status ask(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                  struct bs_http_request *request, const char *url, const char *doing) {
  enum blockstore_status status = perform(gateway, call, request, url);

  return status == BLOCKSTORE_STATUS_OK ? judge(request, call, doing) : status;
}

/* A request that has neither a body nor an answer of interest. */
static enum blockstore_status order(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                    const char *method, const char *path, const char *query, const char *doing) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = method};
  char *url BS_AUTO_FREE = url_in_volume(gateway, path, query);

  return ask(gateway, call, &request, url, doing);
}

enum blockstore_status bs_syndicate_download(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                             struct blockstore_sink *ret_data, const char *path) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .sink = ret_data};
  char *url BS_AUTO_FREE = url_in_volume(gateway, path, "download");

  return ask(gateway, call, &request, url, "The object cannot be read");
}

static enum blockstore_status write_piece(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                          const char *path, const struct blockstore_source *source, uint64_t offset) {
  uint64_t length = source->size - offset < PIECE ? source->size - offset : PIECE;
  struct bs_http_request request BS_AUTO_HTTP = {.method = "PUT", .source = source, .offset = offset, .length = length};
  char *url BS_AUTO_FREE = NULL, query[80];

  snprintf(query, sizeof query, "write&offset=%" PRIu64 "&len=%" PRIu64, offset, length);
  url = url_in_volume(gateway, path, query);
  return ask(gateway, call, &request, url, "The object cannot be written");
}

enum blockstore_status bs_syndicate_write(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                          const char *path, const struct blockstore_source *source) {
  enum blockstore_status status = write_piece(gateway, call, path, source, 0);

  for (uint64_t offset = PIECE; status == BLOCKSTORE_STATUS_OK && offset < source->size; offset += PIECE)
    status = write_piece(gateway, call, path, source, offset);
  return status;
}

enum blockstore_status bs_syndicate_rename(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                           const char *from, const char *to) {
  char query[sizeof "rename&to=/" + 3 * (size_t)BS_SYNDICATE_PATH_LONGEST] = "rename&to=/", *url BS_AUTO_FREE = NULL;
  struct bs_http_request request BS_AUTO_HTTP = {.method = "POST"};
  size_t length = strlen(query);
  enum blockstore_status status;

  bs_url_escape(query + length, sizeof query - length, to, strlen(to), BS_URL_PATH);
  url = url_in_volume(gateway, from, query);
  status = ask(gateway, call, &request, url, "The object cannot be put in its place");
  if (status != BLOCKSTORE_STATUS_CONFLICT) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "The object cannot be put in its place: The gateway renames over no file that is there, so that "
                         "nothing can be replaced without being lost for a while. What is there stays.");
}

enum blockstore_status bs_syndicate_unlink(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                           const char *path) {
  return order(gateway, call, "DELETE", path, "unlink", "The object cannot be deleted");
}

/* ---- directories ---- */

/* Says nothing of what is not there. */
static bool exists(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call, const char *path) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET"};
  char *url BS_AUTO_FREE = url_in_volume(gateway, path, "stat");

  return perform(gateway, call, &request, url) == BLOCKSTORE_STATUS_OK && request.code == 200;
}

/* The first `length` bytes of the path; OK too when it is there, which a gateway may tell as any failure of the volume. */
static enum blockstore_status make_one(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                       const char *path, size_t length) {
  char directory[BS_SYNDICATE_PATH_LONGEST + 1];
  enum blockstore_status status;

  snprintf(directory, sizeof directory, "%.*s", (int)length, path);
  status = order(gateway, call, "POST", directory, "mkdir&mode=700", "The directory cannot be made");
  if (status != BLOCKSTORE_STATUS_CONFLICT && status != BLOCKSTORE_STATUS_TRANSIENT) return status;
  return exists(gateway, call, directory) ? BLOCKSTORE_STATUS_OK : status;
}

enum blockstore_status bs_syndicate_make_directory(const struct bs_syndicate_gateway *gateway,
                                                   struct blockstore_call *call, const char *path) {
  enum blockstore_status status;
  size_t length = strlen(path);

  /* Up to the first that there is or can be made, then down again. */
  while ((status = make_one(gateway, call, path, length)) == BLOCKSTORE_STATUS_NOT_FOUND) {
    while (length > 0 && path[length - 1] != '/') length--;
    if (length == 0)
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "The directory %s cannot be made: The gateway answers that there is nothing to make it in (404).",
                             path);
    length--;
  }
  while (status == BLOCKSTORE_STATUS_OK && path[length] != '\0') {
    length += 1 + strcspn(path + length + 1, "/");
    status = make_one(gateway, call, path, length);
  }
  return status;
}

enum blockstore_status bs_syndicate_list(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                         cJSON **ret_list, const char *path) {
  static const char doing[] = "The directory cannot be listed";
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .reply_most = LIST_MOST};
  char *url BS_AUTO_FREE = url_in_volume(gateway, path, "listdir");
  enum blockstore_status status = ask(gateway, call, &request, url, doing);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  *ret_list = request.reply == NULL ? NULL : cJSON_ParseWithLength(request.reply, request.reply_length);
  if (*ret_list != NULL) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The gateway answered no JSON document.", doing);
}

/* ---- health ---- */

static uint64_t number_of(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

  return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 9e15 ? (uint64_t)item->valuedouble
                                                                                    : BLOCKSTORE_SIZE_UNKNOWN;
}

static uint64_t free_bytes(const char *text, size_t length) {
  cJSON *reply = text == NULL ? NULL : cJSON_ParseWithLength(text, length);
  uint64_t unit = number_of(reply, "bsize"), count = number_of(reply, "bavail");

  cJSON_Delete(reply);
  if (unit == BLOCKSTORE_SIZE_UNKNOWN || count == BLOCKSTORE_SIZE_UNKNOWN) return BLOCKSTORE_SIZE_UNKNOWN;
  return unit > 0 && count > UINT64_MAX / unit ? BLOCKSTORE_SIZE_UNKNOWN : unit * count;
}

enum blockstore_status bs_syndicate_statvfs(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                            uint64_t *ret_free) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET"};
  const char *session = gateway->credentials.user;
  char escaped[3 * SESSION_LONGEST + 1], *url BS_AUTO_FREE = NULL;
  enum blockstore_status status;

  bs_url_escape(escaped, sizeof escaped, session, strlen(session), BS_URL_UNRESERVED);
  if (asprintf(&url, "%s/sessions?statvfs&session=%s", gateway->url, escaped) < 0) url = NULL;
  status = ask(gateway, call, &request, url, "The session cannot be examined");
  if (status == BLOCKSTORE_STATUS_OK) *ret_free = free_bytes(request.reply, request.reply_length);
  return status;
}

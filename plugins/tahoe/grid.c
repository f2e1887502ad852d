/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/tahoe/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/endpoint.h"
#include "plugins/common/url.h"

#define CAPABILITY "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-" /* its characters */
#define REPLY_MOST ((size_t)64 << 10)
#define LIST_MOST ((size_t)1 << 20) /* of a directory with 256 children: 180 KiB */
#define WAIT_MS 500                 /* for others who are changing the same directory */

/* ---- lifecycle ---- */

enum blockstore_status bs_tahoe_open(struct bs_tahoe_grid *ret_grid, struct blockstore_call *call,
                                     const struct blockstore_settings *settings) {
  bool allow_http = call->host->setting_number(settings, "allow_http") != 0;
  enum blockstore_status status;

  *ret_grid = (struct bs_tahoe_grid){0};
  status = bs_endpoint_take(&ret_grid->url, call, "gateway", call->host->setting(settings, "gateway", 0), allow_http);
  return status == BLOCKSTORE_STATUS_OK ? bs_http_open(&ret_grid->http, call, settings) : status;
}

void bs_tahoe_close(struct bs_tahoe_grid *grid) {
  bs_http_close(grid->http);
  free(grid->url);
  *grid = (struct bs_tahoe_grid){0};
}

/* ---- answers ---- */

/* What the gateway said: the paragraph of its page, or the last line of a text, which of a failure in Python is what failed. */
static const char *find_words(const char *reply, size_t *ret_length) {
  const char *paragraph = strstr(reply, "<p>"), *end = reply + strlen(reply), *at;

  if (paragraph != NULL) return *ret_length = strcspn(paragraph + strlen("<p>"), "<"), paragraph + strlen("<p>");
  while (end > reply && end[-1] == '\n') end--;
  for (at = end; at > reply && at[-1] != '\n';) at--;
  *ret_length = at[0] == '<' ? 0 : (size_t)(end - at);
  return at;
}

/* Without capabilities. */
static void take_words(char *ret_words, size_t size, const char *reply) {
  size_t end, length = 0;
  const char *at = find_words(reply, &end);

  for (size_t i = 0; i < end && length + sizeof "URI:***" < size; i++) {
    if (strncmp(at + i, "URI:", strlen("URI:")) == 0) {
      length += (size_t)snprintf(ret_words + length, size - length, "URI:***");
      i += strspn(at + i, CAPABILITY) - 1;
    } else {
      ret_words[length++] = at[i];
    }
  }
  ret_words[length] = '\0';
}

/* A gateway says 500 and the name of an exception for what it has no code for. */
static enum blockstore_status judge_failure(struct blockstore_call *call, const char *doing, const char *reply,
                                            enum blockstore_status otherwise) {
  if (strstr(reply, "UncoordinatedWriteError") != NULL) {
    call->host->retry_after(call, WAIT_MS);
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: Others are changing the same directory.", doing);
  }
  if (strstr(reply, "due to the server being full") != NULL && strstr(reply, "(of which 0 placed none due to") == NULL)
    return BLOCKSTORE_STATUS_NO_SPACE; /* or so it seems */
  if (strstr(reply, "UploadUnhappinessError") != NULL || strstr(reply, "NotEnoughServersError") != NULL ||
      strstr(reply, "NoServersError") != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                           "%s: The gateway reaches too few storage servers (its page of welcome tells which).", doing);
  if (strstr(reply, "NotWriteableError") != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s: The capability `root` only reads.", doing);
  return otherwise;
}

static enum blockstore_status judge(const struct bs_http_request *request, struct blockstore_call *call, const char *doing) {
  const char *reply = request->reply == NULL ? "" : request->reply;
  enum blockstore_status status;
  char words[400];

  if (request->code == 200 || request->code == 201) return BLOCKSTORE_STATUS_OK;
  if (request->code > 201 && request->code <= 299) /* part of an object, say, or a promise */
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The gateway answered %d, which none does.", doing,
                           request->code);
  if (request->code >= 300 && request->code <= 399)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The gateway sends elsewhere (%d), which none does.", doing,
                           request->code);
  take_words(words, sizeof words, reply);
  status = bs_http_judge(request, call, doing, words);
  switch (request->code) {
    case 404:
      if (strstr(reply, "No such child") != NULL) return BLOCKSTORE_STATUS_NOT_FOUND;
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: What answers at `gateway` (404) is no Tahoe-LAFS web API.",
                             doing);
    case 410:
      return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                             "%s: Too few shares of it can be reached (410); are enough storage servers there, and is the "
                             "capability right?",
                             doing);
    case 500: return judge_failure(call, doing, reply, status);
    default: return status;
  }
}

/* ---- requests ---- */

/* As a text an exception is 2 KiB, as a page it may be more than is taken of a failure; its name stands at the end. */
static enum blockstore_status perform(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                      struct bs_http_request *request, const char *doing) {
  static const char *const headers[] = {"Accept: text/plain", NULL};
  enum blockstore_status status;

  request->headers = headers;
  if (request->reply_most == 0) request->reply_most = REPLY_MOST;
  status = bs_http_perform(grid->http, call, request);
  return status == BLOCKSTORE_STATUS_OK ? judge(request, call, doing) : status;
}

/* Performs the request at GATEWAY/uri[/DIRECTORY[/PATH]]?QUERY; directory and path may be NULL. */
static enum blockstore_status ask(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                  struct bs_http_request *request, const struct bs_tahoe_capability *directory,
                                  const char *path, const char *query, const char *doing) {
  char escaped[1024] = "", *url BS_AUTO_FREE = NULL, *shown BS_AUTO_FREE = NULL;
  const char *slash = directory == NULL ? "" : "/", *below = path == NULL ? "" : "/";

  if (path != NULL) bs_url_escape(escaped, sizeof escaped, path, strlen(path), BS_URL_PATH);
  if (asprintf(&url, "%s/uri%s%s%s%s?%s", grid->url, slash, directory == NULL ? "" : directory->text, below, escaped,
               query) < 0)
    return url = NULL, bs_plugin_fail_memory(call);
  if (asprintf(&shown, "%s/uri%s%s%s%s", grid->url, slash, directory == NULL ? "" : "***", below, escaped) < 0)
    return shown = NULL, bs_plugin_fail_memory(call);
  request->url = url;
  request->shown = shown;
  return perform(grid, call, request, doing);
}

enum blockstore_status bs_tahoe_get(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                    struct blockstore_sink *ret_data, const struct bs_tahoe_capability *directory,
                                    const char *path) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .sink = ret_data};

  return ask(grid, call, &request, directory, path, "", "The object cannot be read");
}

enum blockstore_status bs_tahoe_link(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                     const struct bs_tahoe_capability *directory, const char *name, const char *file) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "PUT", .head = file, .head_length = strlen(file)};

  return ask(grid, call, &request, directory, name, "t=uri", "The object cannot be put in its place");
}

enum blockstore_status bs_tahoe_unlink(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                       const struct bs_tahoe_capability *directory, const char *name) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "DELETE"};

  return ask(grid, call, &request, directory, name, "", "The object cannot be deleted");
}

/* ---- directories ---- */

enum blockstore_status bs_tahoe_new_root(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                         struct bs_tahoe_capability *ret_directory) {
  static const char doing[] = "A directory cannot be made";
  struct bs_http_request request BS_AUTO_HTTP = {.method = "POST"};
  enum blockstore_status status = ask(grid, call, &request, NULL, NULL, "t=mkdir", doing);
  bool writes = false;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (request.reply != NULL && bs_tahoe_take(ret_directory, &writes, request.reply, request.reply_length) && writes)
    return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The gateway answered no capability of one.", doing);
}

/* Without `replace=false`, the directory of who was a moment faster would be dropped, with what it holds. */
enum blockstore_status bs_tahoe_make_directory(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                               const struct bs_tahoe_capability *directory, const char *path,
                                               const char *name) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "POST"};
  char query[80];

  snprintf(query, sizeof query, "t=mkdir&name=%s&replace=false", name);
  return ask(grid, call, &request, directory, path, query, "A directory cannot be made");
}

/* ---- documents ---- */

static enum blockstore_status take_document(cJSON **ret_document, struct blockstore_call *call,
                                            const struct bs_http_request *request, const char *doing) {
  *ret_document = request->reply == NULL ? NULL : cJSON_ParseWithLength(request->reply, request->reply_length);
  if (*ret_document != NULL) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The gateway answered no JSON document.", doing);
}

/* What the grid says of what has a name: ["filenode", {...}], or dirnode. */
static enum blockstore_status describe(const struct bs_tahoe_grid *grid, struct blockstore_call *call, cJSON **ret_facts,
                                       const struct bs_tahoe_capability *directory, const char *path, const char *doing) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .reply_most = LIST_MOST};
  enum blockstore_status status = ask(grid, call, &request, directory, path, "t=json", doing);

  if (status == BLOCKSTORE_STATUS_OK) status = take_document(ret_facts, call, &request, doing);
  if (status != BLOCKSTORE_STATUS_OK || (cJSON_IsArray(*ret_facts) && cJSON_IsString(cJSON_GetArrayItem(*ret_facts, 0))))
    return status;
  cJSON_Delete(*ret_facts);
  *ret_facts = NULL;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: What answers at `gateway` is no Tahoe-LAFS web API.", doing);
}

enum blockstore_status bs_tahoe_list(const struct bs_tahoe_grid *grid, struct blockstore_call *call, cJSON **ret_list,
                                     const struct bs_tahoe_capability *directory, const char *path) {
  return describe(grid, call, ret_list, directory, path, "The directory cannot be read");
}

enum blockstore_status bs_tahoe_has(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                    const struct bs_tahoe_capability *directory, const char *path) {
  cJSON *facts = NULL;
  enum blockstore_status status = describe(grid, call, &facts, directory, path, "The object cannot be looked for");

  cJSON_Delete(facts);
  return status;
}

enum blockstore_status bs_tahoe_shares(const struct bs_tahoe_grid *grid, struct blockstore_call *call, cJSON **ret_shares,
                                       const struct bs_tahoe_capability *directory) {
  static const char doing[] = "The shares of the root cannot be counted";
  struct bs_http_request request BS_AUTO_HTTP = {.method = "POST"};
  enum blockstore_status status = ask(grid, call, &request, directory, NULL, "t=check&output=json", doing);

  return status == BLOCKSTORE_STATUS_OK ? take_document(ret_shares, call, &request, doing) : status;
}

enum blockstore_status bs_tahoe_servers(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                        cJSON **ret_servers) {
  static const char doing[] = "The gateway cannot be asked for its storage servers";
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .reply_most = LIST_MOST};
  char *url BS_AUTO_FREE = NULL;
  enum blockstore_status status;

  if (asprintf(&url, "%s/?t=json", grid->url) < 0) return url = NULL, bs_plugin_fail_memory(call);
  request.url = url;
  status = perform(grid, call, &request, doing);
  return status == BLOCKSTORE_STATUS_OK ? take_document(ret_servers, call, &request, doing) : status;
}

/* ---- uploads ---- */

/* A server counts as full also when it takes no share because another upload of the same file is on its way. */
static enum blockstore_status judge_refusal(const struct bs_tahoe_grid *grid, struct blockstore_call *call) {
  const cJSON *server;
  cJSON *servers = NULL;
  enum blockstore_status status = bs_tahoe_servers(grid, call, &servers);
  bool full = false;

  if (status == BLOCKSTORE_STATUS_CANCELLED) return status;
  cJSON_ArrayForEach(server, cJSON_GetObjectItemCaseSensitive(servers, "servers")) {
    const cJSON *room = cJSON_GetObjectItemCaseSensitive(server, "available_space");

    full = full || (cJSON_IsNumber(room) && room->valuedouble <= 0);
  }
  cJSON_Delete(servers);
  if (full)
    return blockstore_fail(call, BLOCKSTORE_STATUS_NO_SPACE,
                           "The object cannot be stored: Too few storage servers have room for it.");
  call->host->retry_after(call, WAIT_MS);
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                         "The object cannot be stored: Too few storage servers take it now; others may be storing the same.");
}

enum blockstore_status bs_tahoe_upload(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                       char ret_file[BS_TAHOE_FILE_LONGEST + 1], const struct blockstore_source *source) {
  uint64_t thinking_ms = source->size / 64; /* it encodes all of it, and sends it on, before it answers */
  struct bs_http_request request BS_AUTO_HTTP = {.method = "PUT",
                                                 .source = source,
                                                 .length = source->size,
                                                 .thinking_ms = thinking_ms < UINT32_MAX ? (uint32_t)thinking_ms : UINT32_MAX};
  enum blockstore_status status = ask(grid, call, &request, NULL, NULL, "format=CHK", "The object cannot be stored");

  if (status == BLOCKSTORE_STATUS_NO_SPACE) return judge_refusal(grid, call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (request.reply_length == 0 || request.reply_length > BS_TAHOE_FILE_LONGEST ||
      strspn(request.reply, CAPABILITY) != request.reply_length)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "The object cannot be stored: The gateway answered no capability of a file.");
  memcpy(ret_file, request.reply, request.reply_length + 1);
  return status;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ipfs/rpc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "plugins/common/url.h"

#define URL_MOST ((size_t)8192)
#define DOCUMENT_MOST ((size_t)1 << 20) /* key/list of a node with thousands of keys */
#define HOUR_MS UINT32_C(3600000)       /* for a call without a deadline */
#define BOUNDARY_BYTES ((size_t)16)     /* of chance: none that a body could foresee */

/* The one body that is sent: a form with a file. */
struct form {
  char boundary[2 * BOUNDARY_BYTES + 1];
  char type[64 + 2 * BOUNDARY_BYTES];
  char head[200 + 2 * BOUNDARY_BYTES];
  char tail[16 + 2 * BOUNDARY_BYTES];
  const char *headers[2];
};

static enum blockstore_status form_begin(struct form *form, struct blockstore_call *call, struct bs_http_request *request,
                                         const struct blockstore_source *source) {
  unsigned char chance[BOUNDARY_BYTES];

  if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "The system has no random bytes.");
  for (size_t i = 0; i < sizeof chance; i++) snprintf(form->boundary + 2 * i, 3, "%02x", chance[i]);
  snprintf(form->type, sizeof form->type, "Content-Type: multipart/form-data; boundary=%s", form->boundary);
  snprintf(form->head, sizeof form->head,
           "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"data\"\r\n"
           "Content-Type: application/octet-stream\r\n\r\n",
           form->boundary);
  snprintf(form->tail, sizeof form->tail, "\r\n--%s--\r\n", form->boundary);
  form->headers[0] = form->type;
  form->headers[1] = NULL;
  request->headers = form->headers;
  request->head = form->head;
  request->head_length = strlen(form->head);
  request->tail = form->tail;
  request->tail_length = strlen(form->tail);
  request->source = source;
  request->length = source->size;
  return BLOCKSTORE_STATUS_OK;
}

/* The node gives up a little before the call ends, so that there is time for it to say so. */
static uint32_t rpc_time(struct blockstore_call *call, uint32_t most_ms) {
  uint32_t left = call->host->time_left(call), margin;

  if (left == UINT32_MAX) left = HOUR_MS;
  margin = left / 8 < 500 ? left / 8 : 500;
  left = left > margin + 1 ? left - margin : 1;
  return most_ms > 0 && most_ms < left ? most_ms : left;
}

/* What of a URL is there so far, and whether all of it fitted. */
struct builder {
  char text[URL_MOST];
  size_t used;
};

static void build_raw(struct builder *builder, const char *text) {
  size_t room = builder->used < URL_MOST ? URL_MOST - builder->used : 0;

  builder->used += (size_t)snprintf(room > 0 ? builder->text + builder->used : NULL, room, "%s", text);
}

static void build_escaped(struct builder *builder, const char *text) {
  size_t room = builder->used < URL_MOST ? URL_MOST - builder->used : 0;

  builder->used += bs_url_escape(room > 0 ? builder->text + builder->used : NULL, room, text, strlen(text), BS_URL_PATH);
}

static enum blockstore_status rpc_make_url(const struct bs_rpc *rpc, struct blockstore_call *call, struct builder *builder,
                                           const struct bs_rpc_command *command) {
  char timeout[32];

  builder->used = 0;
  snprintf(timeout, sizeof timeout, "?timeout=%" PRIu32 "ms", rpc_time(call, command->most_ms));
  build_raw(builder, rpc->url);
  build_raw(builder, "/api/v0/");
  build_raw(builder, command->name);
  build_raw(builder, timeout);
  for (size_t i = 0; i < BS_RPC_ARGUMENTS && command->arguments[i] != NULL; i++) {
    build_raw(builder, "&arg=");
    build_escaped(builder, command->arguments[i]);
  }
  if (command->options != NULL) build_raw(builder, command->options);
  if (builder->used < URL_MOST) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The URL of the command %s is too long.", rpc->url, command->name);
}

/* Nodes answer 500 to all that they cannot do; what it was is in the words alone, which Kubo and js-ipfs choose differently. */
static bool rpc_understands(const char *message, enum blockstore_status *ret_status) {
  static const struct {
    const char *words;
    enum blockstore_status status;
  } known[] = {
      {"does not exist", BLOCKSTORE_STATUS_NOT_FOUND},   {"no link named", BLOCKSTORE_STATUS_NOT_FOUND},
      {"not pinned", BLOCKSTORE_STATUS_NOT_FOUND},       {"already has entry", BLOCKSTORE_STATUS_CONFLICT},
      {"already exists", BLOCKSTORE_STATUS_CONFLICT},    {"no space left", BLOCKSTORE_STATUS_NO_SPACE},
      {"quota exceeded", BLOCKSTORE_STATUS_NO_SPACE},
  };

  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strstr(message, known[i].words) == NULL) continue;
    *ret_status = known[i].status;
    return true;
  }
  return false;
}

static enum blockstore_status rpc_judge(const struct bs_rpc *rpc, struct blockstore_call *call, struct bs_http_request *request,
                                        const struct bs_rpc_command *command) {
  cJSON *document = request->reply == NULL ? NULL : cJSON_ParseWithLength(request->reply, request->reply_length);
  const char *message = bs_rpc_text(document, "Message");
  enum blockstore_status status;

  if (request->code == 404 || request->code == 405 || request->code / 100 == 2) /* nodes say 200 alone */
    status = blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "%s: What answers there is no IPFS node's RPC: %s got code %d (a gateway's port?).", rpc->url,
                             command->name, request->code);
  else if (request->code != 500 || message == NULL || !rpc_understands(message, &status))
    status = bs_http_judge(request, call, command->doing, message);
  else
    blockstore_fail(call, status, "%s: %s: %.200s", rpc->url, command->doing, message);
  cJSON_Delete(document);
  return status;
}

/* What a node that fails after its answer has begun says in a trailer: a text; of js-ipfs, a document that has one. */
static enum blockstore_status rpc_judge_late(const struct bs_rpc *rpc, struct blockstore_call *call,
                                             const struct bs_rpc_command *command, const char *failure) {
  cJSON *document = cJSON_Parse(failure);
  const char *message = bs_rpc_text(document, "Message");
  enum blockstore_status status;

  if (message == NULL) message = failure;
  if (!rpc_understands(message, &status) || status != BLOCKSTORE_STATUS_NO_SPACE) status = BLOCKSTORE_STATUS_TRANSIENT;
  blockstore_fail(call, status, "%s: %s: %.200s", rpc->url, command->doing, message);
  cJSON_Delete(document);
  return status;
}

/* An answer with code 200: it may have failed all the same, and a document must be one. */
static enum blockstore_status rpc_take(const struct bs_rpc *rpc, struct blockstore_call *call, struct bs_http_request *request,
                                       struct bs_rpc_command *command) {
  char *failure BS_AUTO_FREE = bs_http_header(request, "x-stream-error");

  if (failure != NULL) return rpc_judge_late(rpc, call, command, failure);
  if (command->sink != NULL || request->reply_length == 0) return BLOCKSTORE_STATUS_OK;
  command->document = cJSON_ParseWithLength(request->reply, request->reply_length);
  if (cJSON_IsObject(command->document)) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: What answers there is no IPFS node's RPC: %s gave no JSON object.",
                         rpc->url, command->name);
}

enum blockstore_status bs_rpc_perform(const struct bs_rpc *rpc, struct blockstore_call *call, struct bs_rpc_command *command) {
  struct bs_http_request request BS_AUTO_HTTP = {.method = "POST", .sink = command->sink, .reply_most = DOCUMENT_MOST};
  struct builder *builder BS_AUTO_FREE = malloc(sizeof *builder);
  enum blockstore_status status;
  struct form form;

  bs_rpc_end(command);
  if (builder == NULL) return bs_plugin_fail_memory(call);
  status = rpc_make_url(rpc, call, builder, command);
  if (status == BLOCKSTORE_STATUS_OK && command->source != NULL) status = form_begin(&form, call, &request, command->source);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  request.url = builder->text;
  if (rpc->has_credentials) request.credentials = &rpc->credentials;
  status = bs_http_perform(rpc->http, call, &request);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  return request.code == 200 ? rpc_take(rpc, call, &request, command) : rpc_judge(rpc, call, &request, command);
}

enum blockstore_status bs_rpc_trouble(enum blockstore_status status) {
  return status == BLOCKSTORE_STATUS_NOT_FOUND || status == BLOCKSTORE_STATUS_CONFLICT ? BLOCKSTORE_STATUS_FAILED : status;
}

const char *bs_rpc_text(const cJSON *document, const char *member) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, member));
}

void bs_rpc_end(struct bs_rpc_command *command) {
  cJSON_Delete(command->document);
  command->document = NULL;
}

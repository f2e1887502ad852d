/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/request.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPLY_MOST ((size_t)1 << 16) /* what servers say to a change is a page of text, or nothing */
#define UNDO_MS 250                  /* of the half second that a call has when it is over */

static const char *const fresh[] = {"Cache-Control: no-cache", NULL};

void bs_request_begin(struct bs_request *request, const struct bs_site *site, const char *method, const char *path) {
  bs_site_locate(site, request->url, path);
  request->http = (struct bs_http_request){.method = method,
                                           .url = request->url,
                                           .headers = fresh,
                                           .credentials = site->has_login ? &site->login : NULL,
                                           .reply_most = REPLY_MOST};
}

void bs_request_begin_foreign(struct bs_request *request, const struct bs_site *site, const char *method, const char *url) {
  request->http = (struct bs_http_request){
      .method = method, .url = url, .headers = fresh, .reply_most = REPLY_MOST, .public_only = !site->allow_private};
}

void bs_request_end(struct bs_request *request) {
  bs_http_end(&request->http);
}

/* The first status line in a multi-status that tells of a failure, or 0. */
static int failed_part(const char *reply) {
  static const char start[] = "HTTP/1.";

  while (reply != NULL && (reply = strstr(reply, start)) != NULL) {
    reply += strlen(start);
    if (strspn(reply, "0123456789") == 1 && reply[1] == ' ') {
      long code = strtol(reply + 2, NULL, 10);

      if (code >= 300 && code <= 599) return (int)code;
    }
  }
  return 0;
}

enum blockstore_status bs_request_change(const struct bs_site *site, struct blockstore_call *call, struct bs_request *request) {
  enum blockstore_status status = bs_http_perform(site->http, call, &request->http);
  int code;

  if (status != BLOCKSTORE_STATUS_OK || request->http.code != 207) return status;
  code = failed_part(request->http.reply);
  if (code == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The server did not do all of a %s, and does not say what.",
                           request->url, request->http.method);
  request->http.code = code;
  return BLOCKSTORE_STATUS_OK;
}

bool bs_request_is_missing(const struct bs_request *request) {
  return request->http.code == 404 || request->http.code == 410;
}

/* ---- undoing ---- */

static uint64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint32_t undo_time_left(struct blockstore_call *call) {
  const struct bs_request_undo *undo = (const struct bs_request_undo *)call;
  uint64_t now = now_ms();

  return now >= undo->end_ms ? 0 : (uint32_t)(undo->end_ms - now);
}

static int undo_cancel_fd(struct blockstore_call *call) {
  (void)call;
  return -1;
}

static void undo_set_error(struct blockstore_call *call, const char *sentence) {
  (void)call, (void)sentence;
}

static void undo_retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  (void)call, (void)milliseconds;
}

void bs_request_undo_begin(struct bs_request_undo *undo, const struct blockstore_call *call) {
  const struct blockstore_host *host = call->host;

  undo->host = (struct blockstore_host){.magic = host->magic,
                                        .abi_major = host->abi_major,
                                        .abi_minor = host->abi_minor,
                                        .struct_size = sizeof undo->host,
                                        .log = host->log,
                                        .set_error = undo_set_error,
                                        .retry_after = undo_retry_after,
                                        .time_left = undo_time_left,
                                        .cancel_fd = undo_cancel_fd,
                                        .setting = host->setting,
                                        .setting_number = host->setting_number,
                                        .interface = host->interface};
  undo->call = (struct blockstore_call){.struct_size = sizeof undo->call, .host = &undo->host, .store = call->store};
  undo->end_ms = now_ms() + UNDO_MS;
}

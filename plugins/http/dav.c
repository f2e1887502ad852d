/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/dav.h"

#include <stdio.h>
#include <string.h>

#include "plugins/common/compare.h"
#include "plugins/common/errand.h"
#include "plugins/common/upload.h"
#include "plugins/http/request.h"

#define TEMPORARY_SIZE (sizeof HTTP_DAV_TEMPORARIES + BS_UPLOAD_NAME_SIZE)

enum blockstore_status http_dav_find_root(const struct http_site *site, struct blockstore_call *call) {
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;

  http_request_begin(&request, site, "HEAD", "");
  status = bs_http_perform(site->http, call, &request.http);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (http_request_is_missing(&request))
    return http_request_fail(&request, call, BLOCKSTORE_STATUS_FAILED,
                             "There is no such collection; if the store is not lost but new, make it on the server");
  /* To look into a collection may be forbidden or impossible where what lies in it can be read. */
  return request.http.code == 401 || request.http.code == 407 || request.http.code >= 500
             ? http_request_judge(&request, call, "The store's collection cannot be looked at")
             : BLOCKSTORE_STATUS_OK;
}

/* ---- collections ---- */

/* What servers say when the collection above is missing: 409, some 404, and of a MOVE Apache says 500 and others 403. */
static bool may_lack_collection(const struct http_request *request) {
  int code = request->http.code;

  return code == 404 || code == 409 || (strcmp(request->http.method, "MOVE") == 0 && (code == 403 || code == 500));
}

/* Apache says 403 when another makes the same collection at that moment: then it is there now. */
static enum blockstore_status dav_ask_to_make(const struct http_site *site, struct blockstore_call *call,
                                              struct http_request *request) {
  enum blockstore_status status = http_request_change(site, call, request);

  return status == BLOCKSTORE_STATUS_OK && request->http.code == 403 ? http_request_change(site, call, request) : status;
}

/* Makes the collection that is the first `length` bytes of a path, and those above it that are missing; OK also when it is
 * there: others make the same.
 * NOLINTNEXTLINE(misc-no-recursion): once a slash of the path */
static enum blockstore_status dav_make(const struct http_site *site, struct blockstore_call *call, const char *path,
                                       size_t length) {
  char collection[sizeof((struct bs_layout *)NULL)->path];
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;
  const char *above;

  snprintf(collection, sizeof collection, "%.*s", (int)length, path);
  above = strrchr(collection, '/');
  snprintf(collection + length, sizeof collection - length, "/");
  http_request_begin(&request, site, "MKCOL", collection);
  status = dav_ask_to_make(site, call, &request);
  if (status == BLOCKSTORE_STATUS_OK && may_lack_collection(&request)) {
    status = above == NULL ? http_dav_find_root(site, call) : dav_make(site, call, path, (size_t)(above - collection));
    if (status == BLOCKSTORE_STATUS_OK) status = dav_ask_to_make(site, call, &request);
  }
  if (status != BLOCKSTORE_STATUS_OK || request.http.code == 405 /* there is one */) return status;
  return http_request_judge(&request, call, "The collection cannot be made");
}

/* Performs a request that needs the collections above `path`.  They are made when the server misses them: most are there,
 * and somebody may take one away at any time. */
static enum blockstore_status dav_place(const struct http_site *site, struct blockstore_call *call, struct http_request *request,
                                        const char *path) {
  enum blockstore_status status = http_request_change(site, call, request);

  if (status != BLOCKSTORE_STATUS_OK || !may_lack_collection(request)) return status;
  status = dav_make(site, call, path, (size_t)(strrchr(path, '/') - path));
  if (status == BLOCKSTORE_STATUS_OK) status = http_request_change(site, call, request);
  if (status != BLOCKSTORE_STATUS_OK || (request->http.code != 404 && request->http.code != 409)) return status;
  return http_request_fail(request, call, BLOCKSTORE_STATUS_TRANSIENT,
                           "The server misses collections that were just there: somebody removes them, or they are none");
}

/* ---- putting ---- */

/* Where a rival may be first, which is no failure and has no sentence. */
static enum blockstore_status dav_judge(const struct http_request *request, struct blockstore_call *call, const char *doing,
                                        bool overwrite) {
  if (request->http.code == 412 && !overwrite) return BLOCKSTORE_STATUS_CONFLICT;
  return http_request_judge(request, call, doing);
}

static enum blockstore_status dav_send(const struct http_site *site, struct blockstore_call *call, const char *path,
                                       const struct blockstore_source *source, bool overwrite) {
  static const char *const only_new[] = {"If-None-Match: *", NULL};
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;
  bool has_no_put;

  http_request_begin(&request, site, "PUT", path);
  request.http.headers = overwrite ? NULL : only_new;
  request.http.source = source;
  request.http.length = source->size;
  status = dav_place(site, call, &request, path);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  has_no_put = request.http.code == 405 || request.http.code == 501;
  return dav_judge(&request, call,
                   has_no_put ? "The object cannot be written (is WebDAV on at root?)" : "The object cannot be written",
                   overwrite);
}

static const char *move_failure(int code) {
  switch (code) {
  case 405:
  case 501: return "The server cannot rename (MOVE); if its PUT is all or nothing, set replace: put";
  case 502: return "The object cannot be put in its place (does the server, perhaps behind a proxy, know root's URL as its own?)";
  default: return "The object cannot be moved to its place";
  }
}

static enum blockstore_status dav_move(const struct http_site *site, struct blockstore_call *call, const char *from,
                                       const char *to, bool overwrite) {
  char destination[sizeof "Destination: " + HTTP_SITE_URL_LONGEST] = "Destination: ";
  const char *const headers[] = {destination, overwrite ? "Overwrite: T" : "Overwrite: F", NULL};
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;

  http_request_begin(&request, site, "MOVE", from);
  http_site_locate(site, destination + strlen(destination), to);
  request.http.headers = headers;
  status = dav_place(site, call, &request, to);
  return status == BLOCKSTORE_STATUS_OK ? dav_judge(&request, call, move_failure(request.http.code), overwrite) : status;
}

/* Whatever became of it.  That a server cannot be reached is said by the call. */
static void dav_remove_temporary(const struct http_site *site, struct blockstore_call *call, const char *path) {
  struct http_request request HTTP_AUTO_REQUEST;
  struct bs_errand errand;
  enum blockstore_status status;

  http_request_begin(&request, site, "DELETE", path);
  bs_errand_after(&errand, call);
  status = http_request_change(site, &errand.call, &request);
  if (status == BLOCKSTORE_STATUS_OK && !http_request_is_missing(&request))
    status = http_request_judge(&request, &errand.call, "It cannot be deleted");
  if (status != BLOCKSTORE_STATUS_OK && (status != BLOCKSTORE_STATUS_TRANSIENT || request.http.code != 0))
    blockstore_log(call, BLOCKSTORE_LOG_WARNING, "What a put that failed has sent may be left there: %s", errand.reason);
}

static enum blockstore_status dav_name_temporary(struct blockstore_call *call, char ret_path[TEMPORARY_SIZE]) {
  memcpy(ret_path, HTTP_DAV_TEMPORARIES, sizeof HTTP_DAV_TEMPORARIES);
  return bs_upload_name(ret_path + strlen(HTTP_DAV_TEMPORARIES), call);
}

enum blockstore_status http_dav_put(const struct http_site *site, struct blockstore_call *call, const struct bs_layout *object,
                                    const struct blockstore_source *source, bool overwrite) {
  char temporary[TEMPORARY_SIZE];
  enum blockstore_status status;

  if (site->puts_directly) return dav_send(site, call, object->path, source, overwrite);
  status = dav_name_temporary(call, temporary);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = dav_send(site, call, temporary, source, true);
  if (status == BLOCKSTORE_STATUS_OK) status = dav_move(site, call, temporary, object->path, overwrite);
  if (status != BLOCKSTORE_STATUS_OK) dav_remove_temporary(site, call, temporary);
  return status;
}

/* ---- comparing ---- */

/* It saves sending the object: what cannot be read is put again, as what is damaged is. */
static enum blockstore_status dav_read_and_compare(const struct http_site *site, struct blockstore_call *call,
                                                   enum http_dav_state *ret_state, const char *path,
                                                   const struct blockstore_source *source) {
  struct bs_compare compare;
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;

  http_request_begin(&request, site, "GET", path);
  bs_compare_begin(&compare, source);
  request.http.sink = &compare.sink;
  status = bs_http_perform(site->http, call, &request.http);
  if (compare.status != BLOCKSTORE_STATUS_OK) return compare.status;
  *ret_state = status == BLOCKSTORE_STATUS_OK && request.http.code == 200 && bs_compare_is_same(&compare) ? HTTP_DAV_SAME
                                                                                                          : HTTP_DAV_DIFFERENT;
  return blockstore_go_on(call);
}

enum blockstore_status http_dav_compare(const struct http_site *site, struct blockstore_call *call,
                                        enum http_dav_state *ret_state, const struct bs_layout *object,
                                        const struct blockstore_source *source) {
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;

  http_request_begin(&request, site, "HEAD", object->path);
  status = bs_http_perform(site->http, call, &request.http);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  *ret_state = HTTP_DAV_ABSENT;
  if (http_request_is_missing(&request)) return BLOCKSTORE_STATUS_OK;
  status = http_request_judge(&request, call, "It cannot be found out whether the object is there");
  if (status != BLOCKSTORE_STATUS_OK) return status;
  *ret_state = HTTP_DAV_DIFFERENT;
  if (request.http.size != BLOCKSTORE_SIZE_UNKNOWN && request.http.size != source->size) return BLOCKSTORE_STATUS_OK;
  return dav_read_and_compare(site, call, ret_state, object->path, source);
}

/* ---- deleting ---- */

enum blockstore_status http_dav_delete(const struct http_site *site, struct blockstore_call *call,
                                       const struct bs_layout *object) {
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;

  http_request_begin(&request, site, "DELETE", object->path);
  status = http_request_change(site, call, &request);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (http_request_is_missing(&request)) return http_dav_find_root(site, call);
  return http_request_judge(&request, call, "The object cannot be deleted");
}

/* ---- trying ---- */

static enum blockstore_status nothing_to_read(const struct blockstore_source *source, void *buffer, size_t length,
                                              uint64_t offset) {
  (void)source, (void)buffer, (void)length, (void)offset;
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status http_dav_try(const struct http_site *site, struct blockstore_call *call) {
  static const struct blockstore_source empty = {.struct_size = sizeof empty, .size = 0, .read_at = nothing_to_read};
  struct bs_layout object;
  enum blockstore_status status = dav_name_temporary(call, object.path);

  if (status == BLOCKSTORE_STATUS_OK) status = http_dav_put(site, call, &object, &empty, true);
  return status == BLOCKSTORE_STATUS_OK ? http_dav_delete(site, call, &object) : status;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ftp/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/common/errand.h"
#include "plugins/common/upload.h"
#include "plugins/ftp/absence.h"

#define ROOM_IS_ASKED ((uint64_t)1 << 20) /* bytes: less reaches the server whole, so that its answer tells */
#define REPLACING_LEAST_MS 2000            /* that a call must have left to put a file aside, and maybe back */

/* An upload, until its end. */
struct upload {
  struct bs_ftp_wire *wire;
  struct blockstore_call *call;
  struct bs_ftp_path name; /* its first */
  bool must_exist;
  bool is_reached;         /* the server may have a part of it */
  bool is_tidying;         /* `errand` has begun: one for all of it, so that a call that is over returns in time */
  struct bs_errand errand;
};

/* Makes a first name. */
static enum blockstore_status make_name(struct bs_ftp_path *ret_name, struct blockstore_call *call,
                                        const struct bs_ftp_place *place) {
  char below[sizeof BS_FTP_UPLOADS "/" + BS_UPLOAD_NAME_SIZE] = BS_FTP_UPLOADS "/";
  enum blockstore_status status = bs_upload_name(below + strlen(below), call);

  if (status == BLOCKSTORE_STATUS_OK) bs_ftp_place_path(ret_name, place, below);
  return status;
}

static enum blockstore_status begin(struct upload *upload, struct bs_ftp_wire *wire, struct blockstore_call *call,
                                    bool must_exist) {
  *upload = (struct upload){.wire = wire, .call = call, .must_exist = must_exist};
  return make_name(&upload->name, call, bs_ftp_wire_place(wire));
}

static struct blockstore_call *tidying(struct upload *upload) {
  if (!upload->is_tidying) bs_errand_after(&upload->errand, upload->call);
  upload->is_tidying = true;
  return &upload->errand.call;
}

/* Removes what is left of it, as long as there is time; the call's own sentence stays. */
static void forget(struct upload *upload, const struct bs_ftp_path *name) {
  struct blockstore_call *call = tidying(upload);
  struct bs_ftp_reply reply;

  if (call->host->time_left(call) > 0) bs_ftp_remove(upload->wire, call, &reply, name->text);
}

/* ---- directories ---- */

static enum blockstore_status make_directory(struct bs_ftp_wire *wire, struct blockstore_call *call,
                                             struct bs_ftp_reply *ret_reply, const char *path, size_t length) {
  char command[BS_FTP_COMMAND_LONGEST + 1];
  const char *const commands[] = {command, NULL};

  snprintf(command, sizeof command, "MKD %.*s", (int)length, path);
  return bs_ftp_command(wire, call, ret_reply, commands);
}

/* How long the path of the directory is that a path lies in; 0: it is among the first `known` bytes. */
static size_t length_above(const char *path, size_t length, size_t known) {
  while (length > known && path[--length] != '/') continue;
  return length > known ? length : 0;
}

/*
 * Makes the directories of a path, but those that are its first `known` bytes: the lowest, which mostly is all that is
 * missing, or else first those above it.  Whether they are there then is found out by what is put into them; *ret_reply is
 * the answer about the lowest.
 * NOLINTNEXTLINE(misc-no-recursion): once a slash of the path */
static enum blockstore_status make_directories(struct bs_ftp_wire *wire, struct blockstore_call *call,
                                               struct bs_ftp_reply *ret_reply, const char *path, size_t length, size_t known) {
  size_t lowest = length_above(path, length, known);
  enum blockstore_status status;

  *ret_reply = (struct bs_ftp_reply){0};
  if (lowest == 0) return BLOCKSTORE_STATUS_OK;
  status = make_directory(wire, call, ret_reply, path, lowest);
  if (ret_reply->code >= 500 && length_above(path, lowest, known) > 0) {
    status = make_directories(wire, call, ret_reply, path, lowest, known);
    if (status == BLOCKSTORE_STATUS_OK) status = make_directory(wire, call, ret_reply, path, lowest);
  }
  return ret_reply->code >= 500 ? BLOCKSTORE_STATUS_OK : status;
}

/* ---- sending ---- */

/* A server that has no room for a long file ends the connection amid it, as one does whose line was cut.  So it is asked
 * before, and many answer yes. */
static enum blockstore_status ask_for_room(struct bs_ftp_wire *wire, struct blockstore_call *call, uint64_t size) {
  char command[sizeof "ALLO " + 20];
  const char *const commands[] = {command, NULL};
  struct bs_ftp_reply reply;
  enum blockstore_status status;

  if (size < ROOM_IS_ASKED) return BLOCKSTORE_STATUS_OK;
  snprintf(command, sizeof command, "ALLO %" PRIu64, size);
  status = bs_ftp_command(wire, call, &reply, commands);
  if (status == BLOCKSTORE_STATUS_NO_SPACE) return status;
  return reply.code >= 500 || reply.code == BS_FTP_SUPERFLUOUS ? BLOCKSTORE_STATUS_OK : status;
}

static enum blockstore_status read_letter(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  (void)source, (void)offset;
  memset(buffer, 'x', length);
  return BLOCKSTORE_STATUS_OK;
}

static const struct blockstore_source letter = {.struct_size = sizeof letter, .size = 1, .read_at = read_letter};

/* What the status of a file that was broken off is, or ended in an error of the server's: one that takes not a byte more has no
 * room. */
static enum blockstore_status try_for_room(struct upload *upload, enum blockstore_status status) {
  struct bs_ftp_reply reply;
  struct bs_ftp_path name;
  enum blockstore_status tried = make_name(&name, upload->call, bs_ftp_wire_place(upload->wire));

  if (tried == BLOCKSTORE_STATUS_OK) tried = bs_ftp_store(upload->wire, upload->call, &reply, name.text, &letter);
  if (tried == BLOCKSTORE_STATUS_OK || tried == BLOCKSTORE_STATUS_NO_SPACE) forget(upload, &name);
  return tried == BLOCKSTORE_STATUS_OK ? status : tried;
}

/* Has the server all of the file? */
static enum blockstore_status check_size(const struct upload *upload, uint64_t size) {
  struct bs_ftp_reply reply;
  uint64_t found = BLOCKSTORE_SIZE_UNKNOWN;
  enum blockstore_status status = bs_ftp_size(upload->wire, upload->call, &reply, &found, upload->name.text);

  if (status != BLOCKSTORE_STATUS_OK && bs_ftp_reply_is_unknown(&reply)) return BLOCKSTORE_STATUS_OK;
  if (status != BLOCKSTORE_STATUS_OK || found == size || found == BLOCKSTORE_SIZE_UNKNOWN) return status;
  return blockstore_fail(upload->call, BLOCKSTORE_STATUS_TRANSIENT,
                         "%s%s: The server has %" PRIu64 " of the %" PRIu64 " bytes that were sent.",
                         bs_ftp_wire_place(upload->wire)->server, upload->name.text, found, size);
}

/* Sends it again, when its directory was made: FTP says 550 for a directory that is missing, and for much else. */
static enum blockstore_status send_again(const struct upload *upload, struct bs_ftp_reply *reply,
                                         const struct blockstore_source *source) {
  const struct bs_ftp_place *place = bs_ftp_wire_place(upload->wire);
  const char *name = upload->name.text;
  struct bs_ftp_reply made;
  size_t known = upload->must_exist ? strlen(place->root) : 0;
  enum blockstore_status status = make_directories(upload->wire, upload->call, &made, name, strlen(name), known);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = bs_ftp_store(upload->wire, upload->call, reply, name, source);
  if (status == BLOCKSTORE_STATUS_OK || !bs_ftp_reply_is_refusal(reply)) return status;
  if (upload->must_exist && bs_ftp_absence(upload->wire, upload->call, reply, name, true) == BLOCKSTORE_STATUS_FAILED)
    return BLOCKSTORE_STATUS_FAILED;
  return blockstore_fail(upload->call, status, "%s%s: The server refuses: %s; and to make its directory: %s", place->server, name,
                         reply->text, made.text);
}

static enum blockstore_status send_file(struct upload *upload, const struct blockstore_source *source) {
  struct bs_ftp_reply reply;
  enum blockstore_status status = ask_for_room(upload->wire, upload->call, source->size);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = bs_ftp_store(upload->wire, upload->call, &reply, upload->name.text, source);
  if (status != BLOCKSTORE_STATUS_OK && bs_ftp_reply_is_refusal(&reply)) status = send_again(upload, &reply, source);
  upload->is_reached = reply.code != 0;
  if (status == BLOCKSTORE_STATUS_TRANSIENT && upload->is_reached) return try_for_room(upload, status);
  return status == BLOCKSTORE_STATUS_OK ? check_size(upload, source->size) : status;
}

/* ---- placing ---- */

static enum blockstore_status rename_once(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                          const struct bs_ftp_path *name, const struct bs_ftp_path *path) {
  char from[BS_FTP_COMMAND_LONGEST + 1], to[BS_FTP_COMMAND_LONGEST + 1];
  const char *const commands[] = {from, to, NULL};

  snprintf(from, sizeof from, "RNFR %s", name->text);
  snprintf(to, sizeof to, "RNTO %s", path->text);
  return bs_ftp_command(wire, call, ret_reply, commands);
}

/* Was the file there, and its name refused? */
static bool may_be_in_the_way(const struct bs_ftp_reply *reply) {
  return reply->ready_to_rename && reply->code >= 500 && !bs_ftp_reply_is_about_room(reply);
}

/* For a server that does not rename over a file, as `reply` says: the one at `path` goes aside, and comes back if the new one
 * does not get its name, or if it may have gone without an answer. */
static enum blockstore_status replace_file(struct upload *upload, const struct bs_ftp_path *path, enum blockstore_status refused,
                                           const struct bs_ftp_reply *reply) {
  const char *server = bs_ftp_wire_place(upload->wire)->server;
  struct blockstore_call *call = upload->call;
  struct bs_ftp_path aside;
  struct bs_ftp_reply other;
  enum blockstore_status status = make_name(&aside, call, bs_ftp_wire_place(upload->wire));

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (call->host->time_left(call) < REPLACING_LEAST_MS)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                           "%s%s: There is too little time left to replace it: the server does not rename over a file.", server,
                           path->text);
  status = rename_once(upload->wire, call, &other, path, &aside);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_CANCELLED && other.code >= 500)
    return blockstore_fail(call, refused, "%s%s: No file can be renamed to this: %s", server, path->text, reply->text);
  if (status == BLOCKSTORE_STATUS_OK) status = rename_once(upload->wire, call, &other, &upload->name, path);
  if (status == BLOCKSTORE_STATUS_OK) forget(upload, &aside);
  else rename_once(upload->wire, tidying(upload), &other, &aside, path);
  return status;
}

/* Gives the file its name.  A server may refuse because a directory is missing, or because the name is taken. */
static enum blockstore_status place_file(struct upload *upload, const struct bs_ftp_path *path) {
  struct bs_ftp_wire *wire = upload->wire;
  struct bs_ftp_reply reply, made;
  enum blockstore_status status = rename_once(wire, upload->call, &reply, &upload->name, path);

  if (status == BLOCKSTORE_STATUS_OK || !may_be_in_the_way(&reply)) return status;
  status = make_directories(wire, upload->call, &made, path->text, strlen(path->text), strlen(bs_ftp_wire_place(wire)->root));
  if (status == BLOCKSTORE_STATUS_OK) status = rename_once(wire, upload->call, &reply, &upload->name, path);
  if (status == BLOCKSTORE_STATUS_OK || !may_be_in_the_way(&reply)) return status;
  return replace_file(upload, path, status, &reply);
}

enum blockstore_status bs_ftp_upload(struct bs_ftp_wire *wire, struct blockstore_call *call, const char *below,
                                     const struct blockstore_source *source, bool must_exist) {
  struct upload upload;
  struct bs_ftp_path path;
  enum blockstore_status status = begin(&upload, wire, call, must_exist);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_ftp_place_path(&path, bs_ftp_wire_place(wire), below);
  status = send_file(&upload, source);
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status == BLOCKSTORE_STATUS_OK) status = place_file(&upload, &path);
  if (status != BLOCKSTORE_STATUS_OK && upload.is_reached) forget(&upload, &upload.name);
  return status;
}

enum blockstore_status bs_ftp_upload_try(struct bs_ftp_wire *wire, struct blockstore_call *call, bool must_exist) {
  struct upload upload;
  struct bs_ftp_reply reply;
  enum blockstore_status status = begin(&upload, wire, call, must_exist);

  if (status == BLOCKSTORE_STATUS_OK) status = send_file(&upload, &letter);
  if (status == BLOCKSTORE_STATUS_OK) return bs_ftp_remove(wire, call, &reply, upload.name.text);
  if (upload.is_reached) forget(&upload, &upload.name);
  return status;
}

/* ---- what a crash left ---- */

uint64_t bs_ftp_upload_sweep(struct bs_ftp_wire *wire, struct blockstore_call *call) {
  struct bs_ftp_listing listing;
  struct bs_ftp_path directory, file;
  struct bs_ftp_reply reply;
  struct bs_errand errand;
  enum blockstore_status status;
  uint64_t count = 0;
  const char *name;
  char *at;

  bs_errand_after(&errand, call);
  bs_ftp_place_path(&directory, bs_ftp_wire_place(wire), BS_FTP_UPLOADS "/");
  status = bs_ftp_list(wire, &errand.call, &reply, &listing, directory.text);
  at = listing.lines;
  while (status == BLOCKSTORE_STATUS_OK && (name = bs_ftp_listing_next(&listing, &at)) != NULL) {
    if (!bs_upload_is_old(name, time(NULL))) continue;
    snprintf(file.text, sizeof file.text, "%s%s", directory.text, name);
    status = bs_ftp_remove(wire, &errand.call, &reply, file.text);
    count += status == BLOCKSTORE_STATUS_OK;
    if (bs_ftp_reply_is_refusal(&reply)) status = bs_ftp_absence(wire, &errand.call, &reply, file.text, false);
    if (status == BLOCKSTORE_STATUS_NOT_FOUND) status = BLOCKSTORE_STATUS_OK; /* another sweep was faster */
  }
  free(listing.lines);
  if (status != BLOCKSTORE_STATUS_OK)
    blockstore_log(call, BLOCKSTORE_LOG_WARNING, "What older puts left in %s stays there: %s", directory.text, errand.reason);
  return count;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ftp/wire.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "plugins/common/transfer.h"
#include "plugins/ftp/reply.h"

#define PASSIVE 227 /* replies that tell where the data go */
#define EXTENDED_PASSIVE 229
#define REPLIES_MOST ((size_t)64 << 10) /* bytes of replies in one exchange: a greeting may be long, but not endless */

struct bs_ftp_wire {
  struct bs_ftp_place place;     /* options `host`, `port`, `root` and `tls` */
  const char *user, *password;   /* options `user` and `password` */
  struct bs_transfer_pool *pool; /* the options of all network drivers */
  atomic_bool has_no_mlsd;       /* the server said so */
};

/* One exchange, about one path. */
struct exchange {
  struct bs_transfer transfer;
  struct bs_transfer_line *line;
  struct bs_ftp_reply *reply;
  size_t replied; /* bytes of replies */
};

/* ---- what libcurl asks ---- */

/* What is not `length` ends the exchange.  libcurl 7.88 takes 300 KiB at most; 8.14 reads on while lines come. */
static size_t take_reply(char *line, size_t width, size_t length, void *context) {
  struct exchange *exchange = context;
  struct bs_transfer *transfer = &exchange->transfer;

  (void)width;
  exchange->replied += length;
  if (exchange->replied > REPLIES_MOST) {
    transfer->stopped = blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED, "%s: The server's replies have no end.",
                                        transfer->subject);
    return 0;
  }
  bs_ftp_reply_take(exchange->reply, line, length);
  if (exchange->reply->code == PASSIVE || exchange->reply->code == EXTENDED_PASSIVE) bs_transfer_watch(exchange->line, true);
  if (exchange->reply->code < 200) bs_transfer_watch(exchange->line, false);
  return length;
}

/* Asked each second while libcurl waits for the reply behind a file, where it heeds nothing else.  It would keep the
 * connection, on which that reply is still to come. */
static int look_at_clock(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  struct exchange *exchange = context;
  struct blockstore_call *call = exchange->transfer.call;

  (void)a, (void)b, (void)c, (void)d;
  if (call->host->time_left(call) > 0) return 0;
  bs_transfer_hang_up(exchange->line);
  return 1;
}

static void set_time(CURL *easy, struct exchange *exchange) {
  struct blockstore_call *call = exchange->transfer.call;
  uint32_t left = call->host->time_left(call);

  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_at_clock);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, exchange);
  if (left < INT32_MAX) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left + 1);
}

static void set_ftp(CURL *easy, enum bs_ftp_tls tls) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "ftp,ftps");
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(easy, CURLOPT_USE_SSL, tls == BS_FTP_TLS_NONE ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
  curl_easy_setopt(easy, CURLOPT_FTPSSLAUTH, (long)CURLFTPAUTH_TLS);
  curl_easy_setopt(easy, CURLOPT_FTP_SKIP_PASV_IP, 1L);
  curl_easy_setopt(easy, CURLOPT_FTP_FILEMETHOD, (long)CURLFTPMETHOD_NOCWD);
}

/* libcurl copies them. */
static bool set_account(CURL *easy, const struct bs_ftp_wire *wire) {
  const char *password = wire->password == NULL ? "" : wire->password;

  if (wire->user == NULL) return true; /* libcurl is anonymous by itself */
  return curl_easy_setopt(easy, CURLOPT_USERNAME, wire->user) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PASSWORD, password) == CURLE_OK;
}

/* ---- exchanges ---- */

/* Begins one, which is ended in any case.  `exchange` is zeroed, but what the transfer begins with. */
static enum blockstore_status begin(struct exchange *exchange, const struct bs_ftp_wire *wire, struct blockstore_call *call,
                                    struct bs_ftp_reply *reply, const char *path) {
  char url[BS_FTP_URL_LONGEST + 1];
  enum blockstore_status status = bs_transfer_borrow(&exchange->line, wire->pool, call);

  *reply = (struct bs_ftp_reply){0};
  exchange->reply = reply;
  bs_ftp_place_url(url, &wire->place, path);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_transfer_begin(&exchange->transfer, exchange->line, call, url);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  set_ftp(exchange->transfer.easy, wire->place.tls);
  set_time(exchange->transfer.easy, exchange);
  curl_easy_setopt(exchange->transfer.easy, CURLOPT_HEADERFUNCTION, take_reply);
  curl_easy_setopt(exchange->transfer.easy, CURLOPT_HEADERDATA, exchange);
  return set_account(exchange->transfer.easy, wire) ? BLOCKSTORE_STATUS_OK : bs_plugin_fail_memory(call);
}

static enum blockstore_status refuse(const struct exchange *exchange) {
  const char *whom = exchange->transfer.result == CURLE_LOGIN_DENIED ? " user and password" : "";

  return blockstore_fail(exchange->transfer.call, bs_ftp_reply_status(exchange->reply), "%s: The server refuses%s: %s",
                         exchange->transfer.subject, whom, exchange->reply->text);
}

/*
 * After these the connection is where libcurl believes it to be.  Not after others: where a server refuses a file and ends
 * the data connection amid its TLS handshake, libcurl asks for another, takes the refusal for the answer to that, and
 * keeps a connection on which each answer comes one command late.
 */
static bool is_in_step(CURLcode result) {
  static const CURLcode known[] = {
      CURLE_OK,          CURLE_REMOTE_FILE_NOT_FOUND, CURLE_REMOTE_ACCESS_DENIED, CURLE_UPLOAD_FAILED,
      CURLE_QUOTE_ERROR, CURLE_FTP_COULDNT_RETR_FILE, CURLE_REMOTE_DISK_FULL,     CURLE_LOGIN_DENIED,
  };

  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (result == known[i]) return true;
  return false;
}

static enum blockstore_status perform(struct exchange *exchange) {
  const struct bs_transfer *transfer = &exchange->transfer;
  struct blockstore_call *call = transfer->call;
  enum blockstore_status status = bs_transfer_perform(&exchange->transfer);

  if (!is_in_step(transfer->result)) bs_transfer_hang_up(exchange->line);
  if (status == BLOCKSTORE_STATUS_OK || transfer->stopped != BLOCKSTORE_STATUS_OK) return status;
  if (call->host->time_left(call) == 0) return blockstore_go_on(call);
  if (transfer->result == CURLE_USE_SSL_FAILED)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: The server does not do TLS: %s. With tls: none all can be read on the way, the password too.",
                           transfer->subject, exchange->reply->text);
  return exchange->reply->code < 400 ? status : refuse(exchange);
}

static void end(struct exchange *exchange) {
  bs_transfer_end(&exchange->transfer);
  bs_transfer_return(exchange->line);
}

/* As libcurl wants them: with a star, which says that a refusal is no reason to end the connection. */
static struct curl_slist *starred(const char *const *commands) {
  struct curl_slist *list = NULL;

  for (size_t i = 0; commands[i] != NULL; i++) {
    char text[BS_FTP_COMMAND_LONGEST + 2];
    struct curl_slist *longer;

    snprintf(text, sizeof text, "*%s", commands[i]);
    longer = curl_slist_append(list, text);
    if (longer == NULL) {
      curl_slist_free_all(list);
      return NULL;
    }
    list = longer;
  }
  return list;
}

static bool is_done(const struct bs_ftp_reply *reply) {
  return reply->code >= 200 && reply->code < 300 && reply->code != BS_FTP_SUPERFLUOUS;
}

enum blockstore_status bs_ftp_command(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                      const char *const *commands) {
  struct exchange exchange = {0};
  struct curl_slist *list = starred(commands);
  enum blockstore_status status = begin(&exchange, wire, call, ret_reply, wire->place.root[0] == '/' ? "/" : "");

  if (list == NULL) status = bs_plugin_fail_memory(call);
  if (status == BLOCKSTORE_STATUS_OK) {
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_NOBODY, 1L);
    /* What CURLOPT_QUOTE has would come before libcurl is back where the login began. */
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_PREQUOTE, list);
    status = perform(&exchange);
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_PREQUOTE, NULL);
    if (status == BLOCKSTORE_STATUS_OK && !is_done(ret_reply)) status = refuse(&exchange);
  }
  curl_slist_free_all(list);
  end(&exchange);
  return status;
}

enum blockstore_status bs_ftp_size(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                   uint64_t *ret_size, const char *path) {
  struct exchange exchange = {0};
  enum blockstore_status status = begin(&exchange, wire, call, ret_reply, path);
  curl_off_t size = -1;

  if (status == BLOCKSTORE_STATUS_OK) {
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_NOBODY, 1L);
    status = perform(&exchange);
    curl_easy_getinfo(exchange.transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
  }
  end(&exchange);
  if (status == BLOCKSTORE_STATUS_OK) *ret_size = size < 0 ? BLOCKSTORE_SIZE_UNKNOWN : (uint64_t)size;
  return status;
}

enum blockstore_status bs_ftp_retrieve(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                       struct blockstore_sink *sink, const char *path, bool may_change) {
  struct exchange exchange = {.transfer = {.sink = sink}};
  enum blockstore_status status = begin(&exchange, wire, call, ret_reply, path);

  if (status == BLOCKSTORE_STATUS_OK) {
    /* libcurl asks for the size, and then reads so much at most. */
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_IGNORE_CONTENT_LENGTH, (long)may_change);
    status = perform(&exchange);
  }
  if (status == BLOCKSTORE_STATUS_OK && !exchange.transfer.sunk) status = sink->begin(sink, 0);
  end(&exchange);
  return status;
}

enum blockstore_status bs_ftp_store(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                    const char *path, const struct blockstore_source *source) {
  struct exchange exchange = {.transfer = {.body = {.source = source, .length = source->size}, .linger = true}};
  enum blockstore_status status = begin(&exchange, wire, call, ret_reply, path);

  if (status == BLOCKSTORE_STATUS_OK) {
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)source->size);
    status = perform(&exchange);
  }
  end(&exchange);
  return status;
}

enum blockstore_status bs_ftp_remove(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                     const char *path) {
  char command[BS_FTP_COMMAND_LONGEST + 1];
  const char *const commands[] = {command, NULL};

  snprintf(command, sizeof command, "DELE %s", path);
  return bs_ftp_command(wire, call, ret_reply, commands);
}

/* ---- listings ---- */

/* vsftpd's way to say that a directory cannot be listed: a reply of success. */
static bool has_failed_nevertheless(const struct bs_ftp_reply *reply) {
  return reply->code == 226 && strstr(reply->text, "failed to open directory") != NULL;
}

static enum blockstore_status take_lines(struct bs_transfer *transfer, const void *bytes, size_t length) {
  FILE *stream = transfer->context;

  if ((size_t)ftell(stream) + length > BS_FTP_LISTING_MOST)
    return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED, "%s: The directory's list is longer than %zu bytes.",
                           transfer->subject, BS_FTP_LISTING_MOST);
  return fwrite(bytes, 1, length, stream) == length ? BLOCKSTORE_STATUS_OK : bs_plugin_fail_memory(transfer->call);
}

static enum blockstore_status list_by(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                      struct bs_ftp_listing *listing, const char *directory) {
  size_t length;
  FILE *stream = open_memstream(&listing->lines, &length);
  struct exchange exchange = {.transfer = {.take = take_lines, .context = stream}};
  enum blockstore_status status;

  if (stream == NULL) return bs_plugin_fail_memory(call);
  status = begin(&exchange, wire, call, ret_reply, directory);
  if (status == BLOCKSTORE_STATUS_OK) {
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_FTP_FILEMETHOD, (long)CURLFTPMETHOD_SINGLECWD);
    curl_easy_setopt(exchange.transfer.easy, CURLOPT_CUSTOMREQUEST, listing->is_mlsd ? "MLSD" : "NLST");
    status = perform(&exchange);
    listing->is_entered = exchange.transfer.result != CURLE_REMOTE_ACCESS_DENIED;
  }
  end(&exchange);
  if (fclose(stream) != 0 || listing->lines == NULL) status = bs_plugin_fail_memory(call);
  return status;
}

enum blockstore_status bs_ftp_list(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                   struct bs_ftp_listing *ret_listing, const char *directory) {
  enum blockstore_status status;

  *ret_listing = (struct bs_ftp_listing){.is_mlsd = !atomic_load(&wire->has_no_mlsd)};
  status = list_by(wire, call, ret_reply, ret_listing, directory);
  if (status != BLOCKSTORE_STATUS_OK && ret_listing->is_mlsd && bs_ftp_reply_is_unknown(ret_reply)) {
    atomic_store(&wire->has_no_mlsd, true);
    free(ret_listing->lines);
    *ret_listing = (struct bs_ftp_listing){0};
    status = list_by(wire, call, ret_reply, ret_listing, directory);
  }
  if (status != BLOCKSTORE_STATUS_OK || !has_failed_nevertheless(ret_reply)) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s%s: The server refuses: %s", wire->place.server, directory,
                         ret_reply->text);
}

/* The name in a line, or NULL: it is the directory itself, or the one above. */
static const char *name_in(const struct bs_ftp_listing *listing, char *line) {
  char *name = listing->is_mlsd ? strchr(line, ' ') : strrchr(line, '/'); /* some servers' NLST has paths */

  if (name == NULL) return line;
  *name = '\0';
  /* What is before it are facts (RFC 3659, section 7.2). */
  return listing->is_mlsd && (strcasestr(line, "type=cdir") != NULL || strcasestr(line, "type=pdir") != NULL) ? NULL : name + 1;
}

const char *bs_ftp_listing_next(const struct bs_ftp_listing *listing, char **at) {
  const char *name = NULL;

  while (name == NULL && **at != '\0') {
    char *line = *at;
    size_t length = strcspn(line, "\n");

    *at += length + (line[length] == '\n');
    line[length] = '\0';
    line[strcspn(line, "\r")] = '\0';
    name = name_in(listing, line);
  }
  return name;
}

/* ---- lifecycle ---- */

static enum blockstore_status read_account(struct bs_ftp_wire *wire, struct blockstore_call *call,
                                           const struct blockstore_settings *settings) {
  wire->user = call->host->setting(settings, "user", 0);
  wire->password = call->host->setting(settings, "password", 0);
  if (wire->user == NULL && wire->password != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "user: The user is missing whose password is given.");
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_ftp_wire_open(struct bs_ftp_wire **ret_wire, struct blockstore_call *call,
                                        const struct blockstore_settings *settings) {
  struct bs_ftp_wire *wire = calloc(1, sizeof *wire);
  enum blockstore_status status;

  if (wire == NULL) return bs_plugin_fail_memory(call);
  atomic_init(&wire->has_no_mlsd, false);
  status = read_account(wire, call, settings);
  if (status == BLOCKSTORE_STATUS_OK)
    status = bs_ftp_place_read(&wire->place, call, settings, wire->user == NULL ? BS_FTP_TLS_NONE : BS_FTP_TLS_EXPLICIT);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_transfer_open(&wire->pool, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) *ret_wire = wire;
  else free(wire);
  return status;
}

void bs_ftp_wire_close(struct bs_ftp_wire *wire) {
  bs_transfer_close(wire->pool);
  free(wire);
}

const struct bs_ftp_place *bs_ftp_wire_place(const struct bs_ftp_wire *wire) {
  return &wire->place;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/flawed/flaws.h"

/* ---- what is asked for ---- */

static enum blockstore_status ask_undeclared(INIT_ARGUMENTS) {
  if (call->host->setting(settings, "region", 0) != NULL) return BLOCKSTORE_STATUS_FAILED;
  return good.storage_init(ret_self, call, settings, next);
}

static enum blockstore_status ask_number(INIT_ARGUMENTS) {
  if (call->host->setting_number(settings, "root") != 0) return BLOCKSTORE_STATUS_FAILED;
  return good.storage_init(ret_self, call, settings, next);
}

static enum blockstore_status ask_item(INIT_ARGUMENTS) {
  if (call->host->setting(settings, "label", 1) != NULL) return BLOCKSTORE_STATUS_FAILED;
  return good.storage_init(ret_self, call, settings, next);
}

/* ---- values ---- */

static enum blockstore_status crash_when_cold(INIT_ARGUMENTS) {
  if (strcmp(call->host->setting(settings, "class", 0), "cold") == 0) abort();
  return good.storage_init(ret_self, call, settings, next);
}

static enum blockstore_status fail_in_silence(INIT_ARGUMENTS) {
  if (call->host->setting_number(settings, "level") < 0) return BLOCKSTORE_STATUS_FAILED;
  return good.storage_init(ret_self, call, settings, next);
}

static enum blockstore_status end_without_label(INIT_ARGUMENTS) {
  const char *label = call->host->setting(settings, "label", 0);

  if (label != NULL && label[0] == '\0') _exit(3);
  return good.storage_init(ret_self, call, settings, next);
}

/* ---- paths ---- */

static enum blockstore_status name_no_path(INIT_ARGUMENTS) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  return status == BLOCKSTORE_STATUS_FAILED ? blockstore_fail(call, status, "The directory cannot be made.") : status;
}

/* Makes do with what there is. */
static enum blockstore_status open_elsewhere(INIT_ARGUMENTS) {
  const char *root = call->host->setting(settings, "root", 0), *end = strstr(root, "/file/nowhere");
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);
  struct good *self;

  if (status != BLOCKSTORE_STATUS_FAILED || end == NULL) return status;
  self = calloc(1, sizeof *self);
  if (self != NULL) self->root = strndup(root, (size_t)(end - root));
  *ret_self = self;
  return self == NULL || self->root == NULL ? BLOCKSTORE_STATUS_TRANSIENT : BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status name_no_locked(INIT_ARGUMENTS) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  return status == BLOCKSTORE_STATUS_DENIED ? blockstore_fail(call, status, "Permission denied.") : status;
}

/* ---- secrets ---- */

static enum blockstore_status say_secret(GET_IMMUTABLE_ARGUMENTS) {
  const char *secret = ((const struct good *)self)->secret;
  enum blockstore_status status = good.get_immutable_handler(self, call, ret_data, key);

  if (status != BLOCKSTORE_STATUS_NOT_FOUND || secret == NULL) return status;
  return blockstore_fail(call, status, "There is no object of %s.", secret);
}

static enum blockstore_status log_secret(INIT_ARGUMENTS) {
  const char *secret = call->host->setting(settings, "secret", 0);

  if (secret != NULL) blockstore_log(call, BLOCKSTORE_LOG_DEBUG, "The secret is %s.", secret);
  return good.storage_init(ret_self, call, settings, next);
}

static enum blockstore_status make_secret_url(MAKE_URL_ARGUMENTS) {
  const char *secret = ((const struct good *)self)->secret;
  enum blockstore_status status = good.make_mutable_url(self, call, ret_url, id);

  if (status != BLOCKSTORE_STATUS_OK || secret == NULL) return status;
  return ret_url->write(ret_url, secret, strlen(secret));
}

static enum blockstore_status report_secret(CHECK_ARGUMENTS) {
  const char *secret = ((const struct good *)self)->secret;
  char report[256];
  int length = snprintf(report, sizeof report, "{\"secret\": \"%s\"}", secret == NULL ? "" : secret);

  return ret_report->write(ret_report, report, (size_t)length);
}

static enum blockstore_status name_file_secretly(PUT_IMMUTABLE_ARGUMENTS) {
  const struct good *store = self;
  char path[GOOD_PATH];
  int fd = -1;

  if (store->secret != NULL) {
    snprintf(path, sizeof path, "%s/of-%s", store->root, store->secret);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  }
  if (fd >= 0) close(fd);
  return good.put_immutable_handler(self, call, key, data, txid);
}

static enum blockstore_status print_secret(INIT_ARGUMENTS) {
  const char *secret = call->host->setting(settings, "secret", 0);

  if (secret != NULL) printf("%s\n", secret);
  return good.storage_init(ret_self, call, settings, next);
}

static enum blockstore_status export_secret(INIT_ARGUMENTS) {
  const char *secret = call->host->setting(settings, "secret", 0);

  if (secret != NULL) setenv("FLAWED_SECRET", secret, 1);
  return good.storage_init(ret_self, call, settings, next);
}

static const struct flaw flaws[] = {
    {"options.declared", {.storage_init = ask_undeclared}},
    {"options.typed", {.storage_init = ask_number}},
    {"options.typed+item", {.storage_init = ask_item}},
    {"options.words", {.storage_init = crash_when_cold}},
    {"options.numbers", {.storage_init = fail_in_silence}},
    {"options.texts", {.storage_init = end_without_label}},
    {"options.paths", {.storage_init = name_no_path}},
    {"options.paths+works", {.storage_init = open_elsewhere}},
    {"options.locked", {.storage_init = name_no_locked}},
    {"options.secret-said", {.get_immutable_handler = say_secret}},
    {"options.secret-said+log", {.storage_init = log_secret}},
    {"options.secret-url", {.make_mutable_url = make_secret_url}},
    {"options.secret-report", {.check = report_secret}},
    {"options.secret-file", {.put_immutable_handler = name_file_secretly}},
    {"options.secret-printed", {.storage_init = print_secret}},
    {"options.secret-environment", {.storage_init = export_secret}},
};
const struct flaws flaws_options = FLAWS(flaws);

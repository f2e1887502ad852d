/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "plugins/common/tree.h"
#include "plugins/s3/profile.h"
#include "plugins/s3/sign.h"

#define TOKEN_LONGEST 8192

/* What is asked for, and where. */
struct search {
  struct blockstore_call *call;
  const struct blockstore_settings *settings;
  struct bs_s3_credentials found;
};

static const char *setting(const struct search *search, const char *key) {
  return search->call->host->setting(search->settings, key, 0);
}

/* An environment variable that says something; nothing in a program that runs with another's rights. */
static const char *environment(const char *name) {
  const char *value = secure_getenv(name);

  return value == NULL || value[0] == '\0' ? NULL : value;
}

static void wipe(char *text) {
  if (text != NULL) OPENSSL_cleanse(text, strlen(text));
  free(text);
}

void bs_s3_credentials_end(struct bs_s3_credentials *credentials) {
  wipe(credentials->access_key_id);
  wipe(credentials->secret_access_key);
  wipe(credentials->session_token);
  *credentials = (struct bs_s3_credentials){0};
}

/* Takes copies of what one place says.  Half of a pair is a mistake. */
static enum blockstore_status take(struct search *search, const char *origin, const char *key, const char *secret,
                                   const char *token) {
  struct bs_s3_credentials *found = &search->found;

  if (key == NULL && secret == NULL && token == NULL) return BLOCKSTORE_STATUS_OK;
  if (key == NULL || secret == NULL)
    return blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED, "The %s has no %s: both halves of the key pair are wanted.",
                           origin, key == NULL ? "access key id" : "secret access key");
  found->access_key_id = strdup(key);
  found->secret_access_key = strdup(secret);
  found->session_token = token == NULL ? NULL : strdup(token);
  found->origin = origin;
  if (found->access_key_id == NULL || found->secret_access_key == NULL || (token != NULL && found->session_token == NULL))
    return bs_plugin_fail_memory(search->call);
  return BLOCKSTORE_STATUS_OK;
}

/* The whole file, by wipe(). */
static enum blockstore_status read_file(struct search *search, char **ret_text, const char *path) {
  int fd BS_AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  size_t length;
  struct stat stat;
  char *text;

  if (fd < 0 || fstat(fd, &stat) < 0)
    return blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED, "%.500s: The AWS credentials file cannot be read: %s", path,
                           strerrordesc_np(errno));
  if (!S_ISREG(stat.st_mode) || stat.st_size > BS_S3_PROFILE_MOST)
    return blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED, "%.500s: An AWS credentials file was expected here.", path);
  length = (size_t)stat.st_size;
  text = calloc(1, length + 1);
  if (text == NULL) return bs_plugin_fail_memory(search->call);
  if (bs_tree_read(fd, text, length, 0) < 0 || memchr(text, '\0', length) != NULL) {
    OPENSSL_cleanse(text, length);
    free(text);
    return blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED,
                           "%.500s: The AWS credentials file cannot be read, or is no text.", path);
  }
  *ret_text = text;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status take_profile(struct search *search, const char *text, const char *path, const char *profile,
                                           bool named) {
  bool there;
  char *key = bs_s3_profile_value(&there, text, profile, "aws_access_key_id");
  char *secret = bs_s3_profile_value(&there, text, profile, "aws_secret_access_key");
  char *token = bs_s3_profile_value(&there, text, profile, "aws_session_token");
  enum blockstore_status status = take(search, "profile", key, secret, token);

  if (named && !there)
    status = blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED, "%.500s: There is no profile [%.100s].", path, profile);
  if (named && there && key == NULL && secret == NULL)
    status = blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED,
                             "%.500s: The profile [%.100s] has no aws_access_key_id and aws_secret_access_key.", path, profile);
  wipe(key);
  wipe(secret);
  wipe(token);
  return status;
}

/* A file or profile that nobody named may be missing. */
static enum blockstore_status search_profile(struct search *search) {
  const char *profile = setting(search, "profile"), *path = setting(search, "credentials_file");
  const char *home = environment("HOME");
  char *usual BS_AUTO_FREE = NULL, *text = NULL;
  bool named;
  enum blockstore_status status;

  if (profile == NULL) profile = environment("AWS_PROFILE");
  if (path == NULL) path = environment("AWS_SHARED_CREDENTIALS_FILE");
  named = profile != NULL || path != NULL;
  if (path == NULL && asprintf(&usual, "%s/.aws/credentials", home == NULL ? "" : home) < 0) {
    usual = NULL;
    return bs_plugin_fail_memory(search->call);
  }
  if (path == NULL) path = usual;
  if (!named && access(path, R_OK) < 0) return BLOCKSTORE_STATUS_OK;
  status = read_file(search, &text, path);
  if (status == BLOCKSTORE_STATUS_OK)
    status = take_profile(search, text, path, profile == NULL ? "default" : profile, named);
  wipe(text);
  return status;
}

static bool is_printable(const char *text, size_t longest, const char *without) {
  size_t length = 0;

  for (; text[length] != '\0'; length++)
    if (text[length] <= ' ' || text[length] > '~' || strchr(without, text[length]) != NULL) return false;
  return length > 0 && length <= longest;
}

/* What goes into a header must end nowhere but at its end. */
static enum blockstore_status examine(const struct search *search) {
  const struct bs_s3_credentials *found = &search->found;
  const char *wrong = NULL;

  if (found->access_key_id == NULL) return BLOCKSTORE_STATUS_OK;
  if (!is_printable(found->access_key_id, BS_S3_KEY_LONGEST, "/,=")) wrong = "access key id";
  if (!is_printable(found->secret_access_key, BS_S3_SECRET_LONGEST, "")) wrong = "secret access key";
  if (found->session_token != NULL && !is_printable(found->session_token, TOKEN_LONGEST, "")) wrong = "session token";
  if (wrong == NULL) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED,
                         "The %s of the %s is none: it has spaces or other characters that none has, or is too long.", wrong,
                         found->origin);
}

static enum blockstore_status search_all(struct search *search) {
  bool anonymous = search->call->host->setting_number(search->settings, "anonymous") != 0;
  bool profiled = setting(search, "profile") != NULL || setting(search, "credentials_file") != NULL;
  enum blockstore_status status;

  status = take(search, "configuration", setting(search, "access_key_id"), setting(search, "secret_access_key"),
                setting(search, "session_token"));
  if (status == BLOCKSTORE_STATUS_OK && anonymous && (search->found.origin != NULL || profiled))
    return blockstore_fail(search->call, BLOCKSTORE_STATUS_FAILED, "anonymous: There are credentials in the configuration, too.");
  /* A profile that the configuration names is its word, and goes before the environment's. */
  if (status == BLOCKSTORE_STATUS_OK && search->found.origin == NULL && !anonymous && !profiled)
    status = take(search, "environment", environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                  environment("AWS_SESSION_TOKEN"));
  if (status == BLOCKSTORE_STATUS_OK && search->found.origin == NULL && !anonymous) status = search_profile(search);
  return status == BLOCKSTORE_STATUS_OK ? examine(search) : status;
}

enum blockstore_status bs_s3_credentials_find(struct bs_s3_credentials *ret_credentials, struct blockstore_call *call,
                                              const struct blockstore_settings *settings) {
  struct search search = {call, settings, {0}};
  enum blockstore_status status = search_all(&search);

  if (status != BLOCKSTORE_STATUS_OK) {
    bs_s3_credentials_end(&search.found);
    return status;
  }
  if (search.found.origin == NULL) search.found.origin = "none";
  *ret_credentials = search.found;
  return BLOCKSTORE_STATUS_OK;
}

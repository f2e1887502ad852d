/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/settings.h"

#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/environment.h"
#include "core/base/file.h"
#include "core/driver/rows.h"

#define FILE_MAX (1u << 20)
#define SECRET_MAX 4096
#define THREADS_UNTOLD 4 /* at most, where nobody says how many */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define BS_ROWS_OF struct bsd_settings
static const struct bs_row rows[] = {
    BS_ROW("", "http", STRING, "", 0, 0, http),
    BS_ROW("", "threads", INT, "", 1, BSD_THREADS_MAX, threads),
    BS_ROW("chain", "source", ENUM, "local,bitcoind", 0, 0, source),
    BS_ROW("chain", "ledger", PATH, "", 0, 0, ledger),
    BS_ROW("chain", "network", ENUM, "main,test,signet,regtest", 0, 0, network),
    BS_ROW("chain", "url", STRING, "", 0, 0, url),
    BS_ROW("chain", "host", STRING, "", 0, 0, host),
    BS_ROW("chain", "port", INT, "", 1, 65535, port),
    BS_ROW("chain", "cookie", PATH, "", 0, 0, cookie),
    BS_ROW("chain", "user", STRING, "", 0, 0, user),
    BS_ROW("chain", "first_block", INT, "", 0, INT32_MAX, first_block),
    BS_ROW("chain", "confirmations", INT, "", 1, 1000, confirmations),
    BS_ROW("chain", "silence", DURATION, "", 100, 600000, silence_ms),
    BS_ROW("chain", "wallet", STRING, "", 0, 0, wallet),
    BS_ROW("chain", "index", PATH, "", 0, 0, index),
    BS_ROW("limits", "connections", INT, "", 1, 1000000, connections),
    BS_ROW("limits", "connections_of_one", INT, "", 1, 1000000, connections_of_one),
    BS_ROW("limits", "request_rate", INT, "", 0, 1000000000, request_rate),
    BS_ROW("limits", "frame", SIZE, "", 128, 131072, frame),
    BS_ROW("limits", "output", SIZE, "", 1024, INT64_C(1) << 30, output),
    BS_ROW("limits", "replies", SIZE, "", 65536, INT64_C(1) << 40, replies),
    BS_ROW("limits", "cache", SIZE, "", 0, INT64_C(1) << 34, cache),
    BS_ROW("limits", "idle", DURATION, "", 100, INT64_C(86400000), idle_ms),
    BS_ROW("limits", "patience", DURATION, "", 100, INT64_C(86400000), patience_ms),
    BS_ROW("limits", "unspents", ENUM, "off,local,all", 0, 0, unspents),
    BS_ROW("limits", "search", DURATION, "", 100, INT64_C(86400000), search_ms),
    BS_ROW("limits", "stop", DURATION, "", 0, INT64_C(3600000), stop_ms),
    BS_ROW("log", "level", ENUM, "error,warning,info,debug", 0, 0, log_level),
    BS_ROW("log", "format", ENUM, "text,json", 0, 0, log_format),
};
static const char *const top_keys[] = {"chain", "listen", "limits", "log"};
static const char *const chain_keys[] = {"password"};
static const char *const password_keys[] = {"file"};

static bool set_text(char **slot, const char *text, struct bs_error *error) {
  if (*slot == NULL) *slot = strdup(text);
  return *slot == NULL ? bs_fail_memory(error) : true;
}

static void set_numbers(struct bsd_settings *settings) {
  *settings = (struct bsd_settings){.first_block = -1,
                                    .confirmations = 6,
                                    .silence_ms = 30000,
                                    .connections = 1000,
                                    .request_rate = 1000,
                                    .frame = 8192,
                                    .output = INT64_C(256) << 10,
                                    .replies = INT64_C(64) << 20,
                                    .cache = INT64_C(16) << 20,
                                    .idle_ms = 600000,
                                    .patience_ms = 10000,
                                    .search_ms = 600000,
                                    .stop_ms = 10000};
}

/* {file: PATH}: the first line of a file that only its owner can read. */
static bool read_password_file(struct bsd_settings *settings, const struct bs_rows_file *file, const struct bs_yaml *node,
                               struct bs_error *error) {
  struct bs_buffer secret BS_AUTO_SECRET = BS_BUFFER_INIT;
  const struct bs_yaml *path_node = bs_yaml_find(node, "file");
  const char *text;
  char *path BS_AUTO_FREE = NULL;

  if (!bs_rows_check_keys(file, node, password_keys, COUNT(password_keys), error)) return false;
  if (path_node == NULL) return bs_rows_expect(file, node, "{file: PATH} or ${VARIABLE}", error);
  text = bs_rows_scalar(file, path_node, "a path", error);
  if (text == NULL) return false;
  path = bs_file_expand(text, file->directory, error);
  bs_buffer_reserve(&secret, SECRET_MAX + 1);
  if (path == NULL || !bs_buffer_ok(&secret, error) || !bs_file_read_secret(&secret, path, SECRET_MAX, error))
    return bs_context(error, "%s:%u:%u", file->file, path_node->line, path_node->column);
  settings->password = strndup((const char *)secret.bytes, strcspn(bs_buffer_string(&secret), "\r\n"));
  return settings->password == NULL ? bs_fail_memory(error) : true;
}

/* A password stands in the environment or in a file, never in the configuration itself. */
static bool read_password(struct bsd_settings *settings, const struct bs_rows_file *file, struct bs_error *error) {
  const struct bs_yaml *chain = bs_yaml_find(file->root, "chain");
  const struct bs_yaml *node = chain == NULL ? NULL : bs_yaml_find(chain, "password");
  const char *text;

  if (node == NULL) return true;
  if (node->kind == BS_YAML_MAPPING) return read_password_file(settings, file, node, error);
  if (node->kind != BS_YAML_SCALAR || !bs_environment_is_reference(node->text))
    return bs_rows_refuse(file, node, error, "A password does not stand in the configuration: {file: PATH} or ${VARIABLE}.");
  text = bs_rows_scalar(file, node, "a password", error);
  return text != NULL && set_text(&settings->password, text, error);
}

static const struct bs_yaml *chain_node(const struct bs_rows_file *file, const char *key) {
  const struct bs_yaml *chain = bs_yaml_find(file->root, "chain");
  const struct bs_yaml *node = chain == NULL ? NULL : bs_yaml_find(chain, key);

  return node != NULL ? node : chain;
}

/* What goes with a source, and what does not. */
static bool check_chain(struct bsd_settings *settings, const struct bs_rows_file *file, struct bs_error *error) {
  static const char *const others[] = {"network", "url", "host", "port", "cookie", "user", "password", "first_block",
                                       "confirmations", "silence", "wallet", "index"};
  const struct bs_yaml *chain = bs_yaml_find(file->root, "chain");
  bool local = settings->source == NULL || strcmp(settings->source, "local") == 0;

  if (!set_text(&settings->source, "local", error)) return false;
  for (size_t i = 0; i < COUNT(others) && local && chain != NULL; i++)
    if (bs_yaml_find(chain, others[i]) != NULL)
      return bs_rows_refuse(file, chain_node(file, others[i]), error, "The key \"%s\" goes with chain.source: bitcoind.",
                            others[i]);
  if (local && settings->ledger == NULL)
    return bs_rows_refuse(file, chain, error, "The local chain needs the path of its file: chain: {ledger: FILE}.");
  if (local) return true;
  if (settings->ledger != NULL)
    return bs_rows_refuse(file, chain_node(file, "ledger"), error, "The key \"ledger\" goes with chain.source: local.");
  if (settings->index == NULL)
    return bs_rows_refuse(file, chain, error, "A node's names need a file for their index: chain: {index: FILE}.");
  if (settings->url != NULL && settings->host != NULL)
    return bs_rows_refuse(file, chain_node(file, "url"), error, "The node is told by \"url\", or by \"host\" and \"port\".");
  if (settings->cookie != NULL && settings->user != NULL)
    return bs_rows_refuse(file, chain_node(file, "cookie"), error, "The node is asked with its \"cookie\", or as \"user\".");
  if (settings->cookie == NULL && (settings->user == NULL || settings->password == NULL))
    return bs_rows_refuse(file, chain, error, "The node is asked with its \"cookie\", or as \"user\" with a \"password\".");
  return set_text(&settings->network, "main", error);
}

static bool read_listen(struct bsd_settings *settings, const struct bs_rows_file *file, struct bs_error *error) {
  const struct bs_yaml *node = bs_yaml_find(file->root, "listen");

  if (node != NULL && !bs_rows_read_list(file, node, false, &settings->listen, &settings->listen_count, error)) return false;
  return settings->listen_count > 0 ||
         bs_rows_append(&settings->listen, &settings->listen_count, strdup("127.0.0.1:6264"), error);
}

/* Of one address, where that is not said: a quarter. */
static bool share_connections(struct bsd_settings *settings) {
  if (settings->connections_of_one == 0) settings->connections_of_one = settings->connections / 4;
  if (settings->connections_of_one == 0) settings->connections_of_one = 1;
  return true;
}

/* Where that is not said: one for each processor that this process may have. */
static bool count_threads(struct bsd_settings *settings) {
  cpu_set_t processors;

  if (settings->threads > 0) return true;
  settings->threads = sched_getaffinity(0, sizeof processors, &processors) == 0 ? CPU_COUNT(&processors) : 1;
  if (settings->threads < 1) settings->threads = 1;
  if (settings->threads > THREADS_UNTOLD) settings->threads = THREADS_UNTOLD;
  return true;
}

static bool interpret(struct bsd_settings *settings, const struct bs_rows_file *file, struct bs_error *error) {
  return bs_rows_want_mapping(file, file->root, "The configuration", error) &&
         bs_rows_read(file, settings, rows, COUNT(rows), "", top_keys, COUNT(top_keys), error) &&
         bs_rows_read(file, settings, rows, COUNT(rows), "chain", chain_keys, COUNT(chain_keys), error) &&
         bs_rows_read(file, settings, rows, COUNT(rows), "limits", NULL, 0, error) &&
         bs_rows_read(file, settings, rows, COUNT(rows), "log", NULL, 0, error) && read_password(settings, file, error) &&
         check_chain(settings, file, error) && read_listen(settings, file, error) &&
         set_text(&settings->http, "off", error) && set_text(&settings->unspents, "all", error) &&
         set_text(&settings->log_level, "info", error) && set_text(&settings->log_format, "text", error) &&
         share_connections(settings) && count_threads(settings);
}

static void free_yaml(struct bs_yaml **root) {
  bs_yaml_free(*root);
}

static bool read_file(struct bsd_settings *settings, const char *path, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_yaml *root BS_AUTO(free_yaml) = NULL;
  char *directory BS_AUTO_FREE = bs_file_parent(path);
  struct bs_rows_file file = {path, directory, NULL};

  if (directory == NULL) return bs_fail_memory(error);
  if (!bs_file_read(&text, path, FILE_MAX, error)) return false;
  if (!bs_yaml_read(&root, text.bytes, text.length, path, error)) return false;
  file.root = root;
  return interpret(settings, &file, error);
}

bool bsd_settings_read(struct bsd_settings **ret_settings, const char *file, struct bs_error *error) {
  struct bsd_settings *settings = calloc(1, sizeof *settings);
  char *path BS_AUTO_FREE = bs_file_expand(file, NULL, error);

  if (settings == NULL || path == NULL) {
    free(settings);
    return path == NULL ? false : bs_fail_memory(error);
  }
  set_numbers(settings);
  if (!read_file(settings, path, error)) {
    bsd_settings_free(settings);
    return false;
  }
  *ret_settings = settings;
  return true;
}

void bsd_settings_free(struct bsd_settings *settings) {
  if (settings == NULL) return;
  bs_rows_free(settings, rows, COUNT(rows));
  if (settings->password != NULL) explicit_bzero(settings->password, strlen(settings->password));
  free(settings->password);
  for (size_t i = 0; i < settings->listen_count; i++) free(settings->listen[i]);
  free(settings->listen);
  free(settings);
}

struct bs_bitcoind_config bsd_bitcoind_config(char url[300], const struct bsd_settings *settings) {
  int64_t port = settings->port != 0 ? settings->port : bs_bitcoin_network_find(settings->network)->rpc_port;

  if (settings->url != NULL) snprintf(url, 300, "%s", settings->url);
  else snprintf(url, 300, "http://%s:%lld", settings->host == NULL ? "127.0.0.1" : settings->host, (long long)port);
  return (struct bs_bitcoind_config){
      .rpc = {.url = url, .cookie = settings->cookie, .user = settings->user, .password = settings->password},
      .network = settings->network,
      .first_block = settings->first_block < 0 ? 0 : (uint64_t)settings->first_block,
      .confirmations = (uint64_t)settings->confirmations,
      .index = settings->index,
      .wallet = settings->wallet};
}

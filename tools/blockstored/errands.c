/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/errands.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/bitcoind/check.h"
#include "core/chain/ledger.h"
#include "core/codec/pretty.h"
#include "tools/blockstored/follower.h"
#include "tools/blockstored/json.h"

#define ERASE "\r\033[K"
#define MIB (UINT64_C(1) << 20)

/* ---- signals ---- */

static struct bs_scopes scopes; /* the handler's, too */
static volatile sig_atomic_t caught;

int bsd_errand_signal(void) {
  return caught;
}

static void on_signal(int number) {
  int saved = errno;

  caught = number;
  bs_scopes_cancel(&scopes);
  errno = saved;
}

/* A second one ends the process. */
static bool begin(struct bs_scope **ret_scope, struct bs_error *error) {
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

  if (!bs_scope_open(&scopes, ret_scope, 0, error)) return false;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  return true;
}

/* ---- progress: one line of a terminal ---- */

struct progress {
  const char *url;
  bool is_shown;
};

static void show(const struct bs_follow_state *state, void *user) {
  struct progress *progress = user;
  uint64_t most = state->node_height < state->height ? state->height : state->node_height;

  if (!isatty(STDERR_FILENO)) return;
  fprintf(stderr, ERASE "blockstored: block %llu of %llu (%d %%)", (unsigned long long)state->height, (unsigned long long)most,
          most == 0 ? 0 : (int)((double)state->height / (double)most * 100));
  progress->is_shown = true;
}

static void erase(const struct progress *progress) {
  if (progress->is_shown) fputs(ERASE, stderr);
}

static void tell_cost(uint64_t blocks, uint64_t bytes, void *user) {
  const struct progress *progress = user;

  fprintf(stderr, "blockstored: %llu blocks of the node at %s are replayed, which takes as long as making the index, and about"
          " %ju MiB of temporary files (in SQLITE_TMPDIR, TMPDIR or /var/tmp).\n", (unsigned long long)blocks, progress->url,
          (uintmax_t)(bytes / MIB + 1));
}

/* ---- check ---- */

static void add_examined(struct bs_buffer *json, const struct bs_examined *examined) {
  bsd_json_item(json);
  bs_buffer_byte(json, '{');
  bsd_json_text(json, "what", examined->what);
  if (examined->path != NULL) bsd_json_text(json, "path", examined->path);
  for (size_t i = 0; i < examined->count; i++) bsd_json_number(json, examined->counts[i].name, examined->counts[i].number);
  bs_buffer_byte(json, '}');
}

static void add_finding(struct bs_buffer *json, const struct bs_finding *finding) {
  bsd_json_item(json);
  bs_buffer_byte(json, '{');
  bsd_json_text(json, "severity", finding->severity == BS_FINDING_ERROR ? "error" : "warning");
  bsd_json_text(json, "what", finding->what);
  bsd_json_text(json, "where", finding->where);
  bsd_json_text(json, "problem", finding->problem);
  bsd_json_text(json, "mend", finding->mend);
  bs_buffer_byte(json, '}');
}

/* As that of blockstore-cli check (core/client/check.c). */
static void write_document(struct bs_buffer *json, const struct bs_survey *survey) {
  bs_buffer_byte(json, '{');
  bsd_json_key(json, "checked");
  bs_buffer_byte(json, '[');
  for (size_t i = 0; i < survey->examined_count; i++) add_examined(json, &survey->examined[i]);
  bs_buffer_byte(json, ']');
  bsd_json_key(json, "findings");
  bs_buffer_byte(json, '[');
  for (size_t i = 0; i < survey->count; i++) add_finding(json, &survey->items[i]);
  bs_buffer_byte(json, ']');
  if (survey->left_out > 0) bsd_json_number(json, "left_out", survey->left_out);
  bsd_json_truth(json, "sound", survey->errors == 0);
  bs_buffer_byte(json, '}');
}

static bool print_document(const struct bs_survey *survey, struct bs_error *error) {
  const struct bs_json_limits limits = {SIZE_MAX, 8};
  struct bs_buffer flat BS_AUTO_BUFFER = BS_BUFFER_INIT, pretty BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json root;

  write_document(&flat, survey);
  if (!bs_buffer_ok(&flat, error) || !bs_json_scan(&root, flat.bytes, flat.length, &limits, error)) return false;
  bs_json_pretty(&pretty, root);
  bs_buffer_byte(&pretty, '\n');
  if (!bs_buffer_ok(&pretty, error)) return false;
  return (fwrite(pretty.bytes, 1, pretty.length, stdout) == pretty.length && fflush(stdout) == 0) ||
         bs_fail_errno(error, "The document cannot be written");
}

static bool is_local(const struct bsd_settings *settings) {
  return strcmp(settings->source, "local") == 0;
}

static bool examine(const struct bsd_settings *settings, bool chain, const struct bs_scope *scope, struct bs_survey *survey,
                    struct bs_error *error) {
  char url[300];
  struct progress progress = {url, false};
  const struct bs_replay_watch watch = {tell_cost, show, &progress};
  struct bs_chain_parameters parameters;
  const struct bs_bitcoin_network *network;
  struct bs_bitcoind_config config;
  bool good;

  if (is_local(settings)) return bs_ledger_check(settings->ledger, scope, survey, error);
  config = bsd_bitcoind_config(url, settings);
  network = bs_bitcoin_network_find(config.network);
  if (!bs_bitcoin_parameters(&parameters, network, config.first_block, error)) return false;
  if (!chain) return bs_bitcoin_chain_check(config.index, network, config.first_block, scope, survey, error);
  good = bs_bitcoin_chain_replay(&config, &watch, scope, survey, error);
  erase(&progress);
  return good;
}

bool bsd_check(const struct bsd_settings *settings, const char *file, bool chain, bool *ret_sound, struct bs_error *error) {
  struct bs_survey survey BS_AUTO(bs_survey_free) = BS_SURVEY_INIT;
  struct bs_scope *scope;
  bool good;

  if (!begin(&scope, error)) return false;
  bs_examined_add(&survey, "configuration", file);
  good = examine(settings, chain, scope, &survey, error) && bs_survey_ok(&survey, error) && print_document(&survey, error);
  bs_scope_close(scope);
  *ret_sound = survey.errors == 0;
  return good;
}

/* ---- reindex ---- */

static bool reindex(const struct bsd_settings *settings, const struct bs_scope *scope, struct bs_error *error) {
  char url[300];
  struct progress progress = {url, false};
  const struct bs_replay_watch watch = {NULL, show, &progress};
  const struct bs_bitcoind_config config = bsd_bitcoind_config(url, settings);
  struct bs_follow_state state;
  bool good;

  fprintf(stderr, "blockstored: The index is made in %s.reindex, from the node at %s; until it is done, a server that runs"
          " answers from the old one.\n", config.index, url);
  good = bs_bitcoin_reindex(&config, &watch, scope, &state, error);
  erase(&progress);
  if (good)
    printf("%s: The index is made anew, up to block %llu%s.\n", config.index, (unsigned long long)state.height,
           state.is_syncing ? ", as far as the node is, which still loads blocks" : "");
  return good;
}

bool bsd_reindex(const struct bsd_settings *settings, struct bs_error *error) {
  struct bs_scope *scope;
  bool good;

  if (is_local(settings))
    return bs_fail(error, BS_WORD_config, "%s: A ledger cannot be made anew, as nothing else has its blocks; blockstored --check"
                   " says how to mend it.", settings->ledger);
  if (!begin(&scope, error)) return false;
  good = reindex(settings, scope, error);
  bs_scope_close(scope);
  return good;
}

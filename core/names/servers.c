/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/servers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/codec/hex.h"

#define LEFT_MS 30000     /* a server that could not be used is the last to be asked for so long */
#define PATIENCE_MS 30000 /* at most, for an answer */
#define BESIDE_MS 2000    /* at most, for one that is only to be held against another's */
#define CONNECT_MS 5000   /* unless the configuration says more or less */
#define AHEAD 8           /* frames of a question that are sent before the reply to the first is read */

static bool read_chain(struct bs_servers *servers, const char *chain, struct bs_error *error) {
  if (chain == NULL) return true;
  if (!bs_hex_is_string(chain, 64))
    return bs_fail(error, BS_WORD_config, "A chain's id is 64 hexadecimal digits in lower case, not \"%.80s\".", chain);
  bs_hex_decode(servers->chain_id, sizeof servers->chain_id, chain);
  servers->has_chain = servers->is_pinned = true;
  return true;
}

bool bs_servers_open(struct bs_servers *servers, const struct bs_names_config *config, struct bs_error *error) {
  *servers = (struct bs_servers){.pid = getpid(), .connect_ms = config->connect_ms == 0 ? CONNECT_MS : config->connect_ms};
  if (config->server_count == 0)
    return bs_fail(error, BS_WORD_config, "The name provider blockstored needs to know a server.");
  if (!read_chain(servers, config->chain, error)) return false;
  servers->items = calloc(config->server_count, sizeof *servers->items);
  if (servers->items == NULL) return bs_fail_memory(error);
  for (; servers->count < config->server_count; servers->count++)
    if (!bs_server_address_parse(&servers->items[servers->count].address, config->servers[servers->count], config->port, error)) {
      bs_servers_close(servers);
      return false;
    }
  return true;
}

void bs_servers_close(struct bs_servers *servers) {
  for (size_t i = 0; i < servers->count; i++) bs_link_close(servers->items[i].link);
  free(servers->items);
  servers->items = NULL;
  servers->count = 0;
}

bool bs_servers_begin(struct bs_servers *servers, const struct bs_scope *scope, struct bs_error *error) {
  if (getpid() != servers->pid)
    return bs_fail(error, BS_WORD_failed, "The name servers were connected before fork(); open a session of the child's own.");
  servers->scope = scope;
  servers->chosen = NULL;
  servers->is_bound = servers->was_lost = servers->is_fresh = servers->is_content = servers->is_misled = false;
  for (size_t i = 0; i < servers->count; i++) servers->items[i].is_tried = servers->items[i].is_passed = false;
  return true;
}

void bs_servers_end(struct bs_servers *servers) {
  servers->scope = NULL; /* it ends with the call */
  servers->chosen = NULL;
}

/* ---- messages ---- */

/* `error` goes on after the server. */
static void tell(const struct bs_server *server, struct bs_error *error) {
  const struct bs_error told = *error;
  size_t length = strlen(told.message);
  bool ends = length > 0 && strchr(".!?", told.message[length - 1]) != NULL;

  if (told.word == BS_WORD_deadline || told.word == BS_WORD_cancelled || told.word == BS_WORD_no_memory) return;
  bs_fail_as(error, told.result, told.word, "The name server %s %s%s", server->address.text, told.message, ends ? "" : ".");
}

static bool fail_alone(const struct bs_server *server, struct bs_error *error) {
  *error = server->error;
  if (error->word != BS_WORD_no_names) return false;
  return bs_fail(error, BS_WORD_no_names, "%s  See that blockstored runs there, or give another with names.server in the "
                 "configuration.", server->error.message);
}

/* No server can be used: why not, each. */
static bool fail_all(const struct bs_servers *servers, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  enum bs_word word = servers->items[0].error.word;
  bool is_stale = false, is_known = true;

  if (servers->count == 1) return fail_alone(&servers->items[0], error);
  for (size_t i = 0; i < servers->count; i++) {
    bs_buffer_format(&text, "  %s", servers->items[i].error.message);
    if (servers->items[i].error.word != word) word = BS_WORD_no_names;
    is_stale |= servers->items[i].error.word == BS_WORD_stale;
    is_known &= servers->items[i].error.word == BS_WORD_stale || servers->items[i].error.word == BS_WORD_no_names;
  }
  if (is_stale && is_known) word = BS_WORD_stale; /* those that answer are old */
  if (bs_buffer_string(&text) == NULL) return bs_fail_memory(error);
  return bs_fail(error, word, "None of the %zu name servers of the configuration can be used.%s", servers->count,
                 bs_buffer_string(&text));
}

/* ---- one server ---- */

static void hang_up(struct bs_server *server) {
  bs_link_close(server->link);
  server->link = NULL;
}

static bool may_answer(const struct bs_server *server) {
  return !server->is_tried && server->left_until_ms <= bs_clock_monotonic_ms();
}

static size_t count_untried(const struct bs_servers *servers) {
  size_t count = 0;

  for (size_t i = 0; i < servers->count; i++) count += !servers->items[i].is_tried;
  return count;
}

/* The server's share of the time that is left: the others must still be asked, and who asked is to learn who did not answer. */
static struct bs_patience patience_for(const struct bs_servers *servers, const struct bs_server *server, uint64_t most_ms) {
  uint64_t left = servers->scope == NULL ? UINT32_MAX : bs_scope_time_left(servers->scope);
  uint64_t share = count_untried(servers) > 1 ? left / 2 : left - left / 4;

  if (servers->chosen != NULL && servers->chosen != server && most_ms > BESIDE_MS) most_ms = BESIDE_MS;
  return (struct bs_patience){servers->scope, bs_clock_monotonic_ms() + (share < most_ms ? share : most_ms)};
}

/* Frames are sent ahead, so that the server has something to do while the reply to another travels. */
static bool exchange_batches(struct bs_servers *servers, struct bs_server *server, struct bs_reply *reply,
                             const struct bs_question *question, struct bs_error *error) {
  size_t counts[AHEAD], sent = 0;
  bool is_last = false;

  question->begin(question->user);
  for (size_t got = 0;; got++) {
    const struct bs_patience patience = patience_for(servers, server, PATIENCE_MS); /* for each frame */

    while (!is_last && sent - got < AHEAD) {
      struct bs_buffer request BS_AUTO_BUFFER = BS_BUFFER_INIT;
      size_t count = question->write(question->user, &request);

      is_last = count == 0;
      if (is_last) break;
      counts[sent++ % AHEAD] = count;
      if (!bs_buffer_ok(&request, error) || !bs_link_send(server->link, &request, &patience, error)) return false;
    }
    if (got == sent) return true;
    reply->is_answer = false;
    if (!bs_link_receive(server->link, &reply->bytes, &patience, error) ||
        !bs_reply_read_batch(reply, counts[got % AHEAD], question->read, question->missed, question->user, error))
      return false;
  }
}

/* The link is of no more use when this fails without an answer, or before all replies have come. */
static bool exchange(struct bs_servers *servers, struct bs_server *server, struct bs_reply *reply,
                     const struct bs_question *question, struct bs_error *error) {
  struct bs_buffer request BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_patience patience = patience_for(servers, server, PATIENCE_MS);

  reply->is_answer = false;
  if (question->write != NULL) return exchange_batches(servers, server, reply, question, error);
  bs_request_write(&request, question->method, question->params);
  if (!bs_buffer_ok(&request, error) || !bs_link_exchange(server->link, &reply->bytes, &request, &patience, error) ||
      !bs_reply_read(reply, error))
    return false;
  reply->is_answer = question->read(question->user, reply->result, error);
  return reply->is_answer;
}

/* ---- its chain ---- */

static bool check_chain(struct bs_servers *servers, const struct bs_told_info *info, struct bs_error *error) {
  char told[65] = "none", known[65];

  if (!servers->has_chain) return true;
  if (info->exists && memcmp(info->chain_id, servers->chain_id, sizeof info->chain_id) == 0)
    return servers->network == NULL || strcmp(info->network, servers->network) == 0 ||
           bs_fail(error, BS_WORD_conflict, "answers for another network than was answered for before: %s, and should be %s.",
                   info->network, servers->network);
  if (info->exists) bs_hex_encode(told, info->chain_id, sizeof info->chain_id);
  bs_hex_encode(known, servers->chain_id, sizeof servers->chain_id);
  return bs_fail(error, BS_WORD_conflict, "answers for another chain than %s: its chain id is %s, and should be %s.",
                 servers->is_pinned ? "the one of names.chain in the configuration" : "was answered for before", told, known);
}

static bool read_info(void *user, struct bs_json result, struct bs_error *error) {
  return bs_told_info_read(user, result, error);
}

/* It was checked.  How far a server is that is only asked beside is another question: bs_servers_look_around. */
static void note(struct bs_servers *servers, struct bs_server *server, const struct bs_told_info *info) {
  servers->network = info->network;
  if (!info->exists) return;
  servers->has_chain = true;
  memcpy(servers->chain_id, info->chain_id, sizeof servers->chain_id);
  if (servers->chosen == NULL || servers->chosen == server) bs_servers_saw(servers, server, info->tip.block);
}

static bool learn(struct bs_servers *servers, struct bs_server *server, struct bs_reply *reply, struct bs_error *error) {
  struct bs_told_info info;
  const struct bs_question question = {.method = "getinfo", .params = "", .read = read_info, .user = &info};

  if (!exchange(servers, server, reply, &question, error) || !check_chain(servers, &info, error)) return false;
  server->info = info;
  if (servers->chosen == NULL || servers->chosen == server) servers->is_fresh = true;
  note(servers, server, &info);
  return true;
}

static bool open_link(struct bs_servers *servers, struct bs_server *server, struct bs_error *error) {
  const struct bs_patience patience = patience_for(servers, server, servers->connect_ms);
  struct bs_reply reply BS_AUTO_REPLY = BS_REPLY_INIT;

  if (!bs_link_open(&server->link, &server->address, &patience, error)) return false;
  if (!learn(servers, server, &reply, error)) {
    hang_up(server);
    return false;
  }
  bs_log(BS_LOG_INFO, "the name server %s is connected: %s, network %s, block %" PRIu64, server->address.text,
         server->info.server, server->info.network, server->info.tip.block);
  return true;
}

static bool need_link(struct bs_servers *servers, struct bs_server *server, struct bs_error *error) {
  if (server->link != NULL && !bs_link_is_over(server->link)) return true;
  hang_up(server);
  return open_link(servers, server, error);
}

/* A link that was good before may end just when it is used again: the server may have been restarted. */
static bool ask_again(struct bs_servers *servers, struct bs_server *server, struct bs_reply *reply,
                      const struct bs_question *question, struct bs_error *error) {
  bool was_used = bs_link_used(server->link) > 1, has_ended;

  if (exchange(servers, server, reply, question, error)) return true;
  if (reply->is_answer) return false;
  has_ended = bs_link_has_ended(server->link);
  hang_up(server);
  if (!was_used || !has_ended || question->is_once) return false;
  *error = (struct bs_error){0};
  return open_link(servers, server, error) && exchange(servers, server, reply, question, error);
}

static bool is_ours(const struct bs_error *error) {
  return error->word == BS_WORD_deadline || error->word == BS_WORD_cancelled || error->word == BS_WORD_no_memory;
}

/* *ret_usable false: the server is not. */
static bool ask_server(struct bs_servers *servers, struct bs_server *server, bool *ret_usable, const struct bs_question *question,
                       struct bs_error *error) {
  struct bs_reply reply BS_AUTO_REPLY = BS_REPLY_INIT;
  bool good = need_link(servers, server, error) && ask_again(servers, server, &reply, question, error);

  *ret_usable = good || reply.is_answer;
  if (!*ret_usable || (server->link != NULL && bs_link_waiting(server->link) > 0)) hang_up(server);
  return good;
}

bool bs_servers_ask_one(struct bs_servers *servers, struct bs_server *server, const struct bs_question *question,
                        struct bs_error *error) {
  bool usable;

  if (ask_server(servers, server, &usable, question, error)) return true;
  tell(server, error);
  if (!usable && !is_ours(error)) server->left_until_ms = bs_clock_monotonic_ms() + LEFT_MS;
  return false;
}

/* ---- which one ---- */

static struct bs_server *candidate(struct bs_servers *servers) {
  if (servers->preferred != NULL && may_answer(servers->preferred)) return servers->preferred;
  for (size_t i = 0; i < servers->count; i++)
    if (may_answer(&servers->items[i])) return &servers->items[i];
  for (size_t i = 0; i < servers->count; i++)
    if (!servers->items[i].is_tried) return &servers->items[i];
  return NULL;
}

struct bs_server *bs_servers_other(struct bs_servers *servers, struct bs_server *from) {
  for (struct bs_server *at = from == NULL ? servers->items : from; at < servers->items + servers->count; at++)
    if (at != servers->chosen && may_answer(at)) return at;
  return NULL;
}

static bool any_is_passed(const struct bs_servers *servers) {
  for (size_t i = 0; i < servers->count; i++)
    if (servers->items[i].is_passed) return true;
  return false;
}

static void give_up(struct bs_servers *servers, struct bs_server *server, const struct bs_error *error) {
  server->error = *error;
  server->is_tried = true;
  server->left_until_ms = bs_clock_monotonic_ms() + LEFT_MS;
  servers->was_lost = servers->is_bound;
  servers->is_misled |= servers->was_lost && any_is_passed(servers);
  servers->chosen = NULL;
  if (servers->count > 1 && !servers->is_bound) bs_log(BS_LOG_WARNING, "%s", error->message);
}

/* Those that were passed over by the word of one that cannot be used may be asked after all. */
static bool settle_for_less(struct bs_servers *servers) {
  bool found = false;

  for (size_t i = 0; i < servers->count && servers->count > 1 && !servers->is_content; i++) {
    struct bs_server *server = &servers->items[i];

    if (!server->is_passed) continue;
    server->is_passed = server->is_tried = false;
    found = true;
  }
  if (!found) return false;
  bs_log(BS_LOG_WARNING, "No name server is as far as one of them says: how far the chain is, that one alone does not decide.");
  servers->is_content = true;
  return true;
}

bool bs_servers_choose(struct bs_servers *servers, struct bs_error *error) {
  while (servers->chosen == NULL) {
    struct bs_server *server = candidate(servers);

    if (server == NULL && settle_for_less(servers)) continue;
    if (server == NULL) return fail_all(servers, error);
    servers->is_fresh = false;
    if (need_link(servers, server, error)) {
      server->left_until_ms = 0;
      servers->chosen = servers->preferred = server;
      return true;
    }
    if (is_ours(error)) return false;
    tell(server, error);
    give_up(servers, server, error);
    *error = (struct bs_error){0};
  }
  return true;
}

bool bs_servers_unanswered(struct bs_error *error) {
  if (is_ours(error) || error->word == BS_WORD_stale) return false;
  error->word = BS_WORD_no_names;
  error->result = bs_word_result(error->word);
  return false;
}

bool bs_servers_ask(struct bs_servers *servers, const struct bs_question *question, struct bs_error *error) {
  for (;;) {
    struct bs_server *server;
    bool usable;

    if (!bs_servers_choose(servers, error)) return question->is_once ? bs_servers_unanswered(error) : false;
    server = servers->chosen;
    if (ask_server(servers, server, &usable, question, error)) return true;
    if (is_ours(error)) return false;
    tell(server, error);
    if (usable) return false;
    give_up(servers, server, error);
    if (servers->was_lost || question->is_once) {
      fail_alone(server, error);
      return question->is_once ? bs_servers_unanswered(error) : false;
    }
    *error = (struct bs_error){0};
  }
}

struct refreshing {
  struct bs_servers *servers;
  struct bs_told_info info;
};

static bool read_refreshed(void *user, struct bs_json result, struct bs_error *error) {
  struct refreshing *refreshing = user;

  return bs_told_info_read(&refreshing->info, result, error) && check_chain(refreshing->servers, &refreshing->info, error);
}

bool bs_servers_refresh(struct bs_servers *servers, struct bs_error *error) {
  struct refreshing refreshing = {.servers = servers};
  const struct bs_question question = {.method = "getinfo", .params = "", .read = read_refreshed, .user = &refreshing};

  if (!bs_servers_choose(servers, error)) return false;
  if (servers->is_fresh) return true;
  if (!bs_servers_ask(servers, &question, error)) return false;
  servers->chosen->info = refreshing.info;
  servers->is_fresh = true;
  note(servers, servers->chosen, &refreshing.info);
  return true;
}

/* ---- how far it is ---- */

struct branch {
  const struct bs_told_tip *tip;
  bool is_same;
};

static bool read_branch(void *user, struct bs_json result, struct bs_error *error) {
  struct branch *branch = user;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  bool found;

  if (!bs_told_consensus_read(consensus, &found, result, error)) return false;
  branch->is_same = found && memcmp(consensus, branch->tip->consensus, sizeof consensus) == 0;
  return true;
}

/* How far it is counts only where its chain goes on from the chosen one's. */
static bool count_height(struct bs_servers *servers, struct bs_server *server, const struct bs_told_info *info,
                         struct bs_error *error) {
  struct branch branch = {&servers->chosen->info.tip, false};
  char params[24];
  const struct bs_question question = {.method = "get_consensus_at", .params = params, .read = read_branch, .user = &branch};

  if (!info->exists || info->tip.block <= server->highest || info->tip.block <= branch.tip->block) return true;
  snprintf(params, sizeof params, "%" PRIu64, branch.tip->block);
  if (!bs_servers_ask_one(servers, server, &question, error)) return false;
  if (branch.is_same) bs_servers_saw(servers, server, info->tip.block);
  else
    bs_log(BS_LOG_WARNING, "The name server %s has another block %" PRIu64 " than %s: that its chain ends at block %" PRIu64
           " does not count.", server->address.text, branch.tip->block, servers->chosen->address.text, info->tip.block);
  return true;
}

bool bs_servers_look_around(struct bs_servers *servers, struct bs_error *error) {
  if (servers->count > 1 && !bs_servers_refresh(servers, error)) return false;
  for (struct bs_server *at = servers->items; at < servers->items + servers->count; at++) {
    struct refreshing refreshing = {.servers = servers};
    const struct bs_question question = {.method = "getinfo", .params = "", .read = read_refreshed, .user = &refreshing};

    if (at == servers->chosen || !may_answer(at)) continue;
    if (bs_servers_ask_one(servers, at, &question, error) && count_height(servers, at, &refreshing.info, error)) continue;
    if (is_ours(error)) return false;
    bs_log(BS_LOG_WARNING, "%s", error->message);
    *error = (struct bs_error){0};
  }
  return true;
}

void bs_servers_saw(struct bs_servers *servers, struct bs_server *server, uint64_t block) {
  uint64_t *highest = server == NULL ? &servers->seen : &server->highest;

  if (block > *highest) *highest = block;
}

/* Who says most; another than `but`, and none that just could not be used.  NULL: nobody says anything. */
static const struct bs_server *find_highest(const struct bs_servers *servers, const struct bs_server *but) {
  const struct bs_server *found = NULL;

  for (const struct bs_server *at = servers->items; at < servers->items + servers->count; at++)
    if (at != but && at->highest > 0 && (at == servers->chosen || at->left_until_ms <= bs_clock_monotonic_ms()) &&
        (found == NULL || at->highest > found->highest))
      found = at;
  return found;
}

/* The highest block that was told of; where the call is content, by the state or by two servers. */
static uint64_t newest_told(const struct bs_servers *servers) {
  const struct bs_server *who = find_highest(servers, NULL);

  if (who != NULL && servers->is_content) who = find_highest(servers, who);
  return who != NULL && who->highest > servers->seen ? who->highest : servers->seen;
}

uint64_t bs_servers_lag(const struct bs_servers *servers, uint64_t block) {
  const struct bs_told_info *info = &servers->chosen->info;
  uint64_t newest = newest_told(servers);

  if (info->node_blocks > info->confirmations && info->node_blocks - info->confirmations > newest)
    newest = info->node_blocks - info->confirmations;
  return newest > block ? newest - block : 0;
}

bool bs_servers_pass_over(struct bs_servers *servers, uint64_t block, struct bs_error *error) {
  const struct bs_server *who = find_highest(servers, servers->chosen);
  struct bs_server *server = servers->chosen;
  uint64_t lag = bs_servers_lag(servers, block);
  char witness[400] = "";

  if (who != NULL && who->highest == block + lag)
    snprintf(witness, sizeof witness, "  Block %" PRIu64 " was told of by %s: where that is none, take that one out of"
             " names.servers.", who->highest, who->address.text);
  bs_fail(error, BS_WORD_stale, "is %" PRIu64 " blocks behind what was seen before: its chain ends at block %" PRIu64
          ".  Nothing is written by what it says; wait until it has caught up, or give another with names.server in the"
          " configuration.%s", lag, block, witness);
  tell(server, error);
  servers->is_bound = false;
  give_up(servers, server, error);
  server->is_passed = true;
  server->left_until_ms = 0; /* it can be used, but not for this */
  if (servers->count == 1) return false;
  *error = (struct bs_error){0};
  return bs_servers_choose(servers, error);
}

/* SPDX-License-Identifier: MIT */
/*
 * For the shell tests with a Bitcoin node: node COMMAND ARGUMENT...
 *   rpc METHOD [PARAMETERS]     prints the result, in JSON
 *   twice METHOD [PARAMETERS]   on one connection, with a line read from the standard input in between
 * The node is at NODE_URL, with NODE_COOKIE or NODE_USER and NODE_PASSWORD; NODE_MS is the deadline.  A failure is
 * "WORD: MESSAGE" and a status of 1.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bitcoind/rpc.h"

static struct bs_scopes scopes;
static struct bs_scope *scope;
static struct bs_error error;

static _Noreturn void fail(void) {
  printf("%s: %s\n", bs_word_text(error.word), error.message);
  exit(1);
}

static struct bs_rpc_config config(void) {
  const char *most = getenv("NODE_ANSWER_MAX");

  return (struct bs_rpc_config){.url = getenv("NODE_URL"),
                                .wallet = getenv("NODE_WALLET"),
                                .cookie = getenv("NODE_COOKIE"),
                                .user = getenv("NODE_USER"),
                                .password = getenv("NODE_PASSWORD"),
                                .answer_max = most == NULL ? 0 : strtoul(most, NULL, 10)};
}

static void call(struct bs_rpc *rpc, char **arguments, int count) {
  struct bs_json value;

  if (!bs_rpc_call(rpc, scope, &value, &error, arguments[0], "%s", count > 1 ? arguments[1] : "")) fail();
  printf("%.*s\n", (int)value.length, value.text);
}

static void rpc_once(char **arguments, int count) {
  const struct bs_rpc_config where = config();
  struct bs_rpc *rpc;

  if (!bs_rpc_open(&rpc, &where, &error)) fail();
  call(rpc, arguments, count);
  bs_rpc_close(rpc);
}

static void rpc_twice(char **arguments, int count) {
  const struct bs_rpc_config where = config();
  struct bs_rpc *rpc;

  if (!bs_rpc_open(&rpc, &where, &error)) fail();
  call(rpc, arguments, count);
  fflush(stdout);
  while (getchar() != '\n') {
  }
  call(rpc, arguments, count);
  bs_rpc_close(rpc);
}

static const struct {
  const char *name;
  int least; /* arguments */
  void (*run)(char **arguments, int count);
} commands[] = {
    {"rpc", 1, rpc_once},
    {"twice", 1, rpc_twice},
};

int main(int argc, char **argv) {
  const char *limit = getenv("NODE_MS");

  if (!bs_scope_open(&scopes, &scope, limit == NULL ? 60000 : strtoul(limit, NULL, 10), &error)) fail();
  for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least) {
      commands[i].run(argv + 2, argc - 2);
      bs_scope_close(scope);
      bs_scopes_free(&scopes);
      return 0;
    }
  fprintf(stderr, "usage: node COMMAND ARGUMENT...\n");
  return 2;
}

/* SPDX-License-Identifier: MIT */
/* The same proofs with the answers of a name server: what they cost on the way to it. */
#include <config.h>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "core/names/names-private.h"
#include "core/names/prove.h"
#include "tools/bench-index/bench.h"

/* A ledger of such blocks, which nobody made by transactions. */
void bench_fill_ledger(const char *path, size_t blocks) {
  struct bs_ledger *ledger;
  struct bs_error error = {0};

  bench_check(bs_ledger_open(&ledger, path, BS_DATABASE_CREATE, NULL, NULL, &error) && bs_ledger_begin(ledger, &error), &error);
  for (uint64_t block = 1; block <= blocks; block++) {
    unsigned char consensus[BS_CONSENSUS_SIZE];

    bench_add_block(bs_ledger_index(ledger), consensus, block);
    bench_check(bs_database_run(ledger->database, BS_SQL_put_block,
                                BS_VALUES(bs_value_integer(block), bs_value_integer(1500000000),
                                          bs_value_blob(consensus, sizeof consensus)),
                                &error),
                &error);
  }
  bench_check(bs_ledger_commit(ledger, &error), &error);
  bs_ledger_close(ledger);
}

static bool ask_hashes(void *user, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  struct bs_names *names = user;

  return names->provider->hashes_of(names->state, blocks, count, error);
}

struct filling {
  struct bs_operation_list *lists;
  const uint64_t *blocks;
};

static bool add(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  const struct filling *filling = user;
  struct bs_buffer serialised BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t i = 0;

  while (filling->blocks[i] != block) i++;
  bs_fields_write(&serialised, fields);
  return bs_buffer_ok(&serialised, error) &&
         bs_operation_list_add(&filling->lists[i], serialised.bytes, serialised.length, error);
}

static bool ask_operations(void *user, struct bs_operation_list *lists, const uint64_t *blocks, size_t count,
                           struct bs_error *error) {
  struct bs_names *names = user;
  struct filling filling = {lists, blocks};

  if (names->provider->operations_of != NULL)
    return names->provider->operations_of(names->state, blocks, count, add, &filling, error);
  for (size_t i = 0; i < count; i++)
    if (!names->provider->operations_at(names->state, blocks[i], add, &filling, error)) return false;
  return true;
}

/* Bytes of all connections that there are, both ways. */
static unsigned long long bytes_of_links(void) {
  unsigned long long bytes = 0;

  for (int fd = 3; fd < 64; fd++) {
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) bytes += info.tcpi_bytes_received + info.tcpi_bytes_acked;
  }
  return bytes;
}

void bench_prove_remote(const char *server, size_t blocks, size_t back, bool whole) {
  const struct bs_names_config config = {.provider = "blockstored", .servers = &server, .server_count = 1, .port = 6264};
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_names *names;
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_pin pin = {.block = blocks};
  struct bs_error error = {0};
  bool found;

  bench_check(bs_scope_open(&scopes, &scope, 3600000, &error), &error);
  bench_check(bs_names_open(&names, &config, &error), &error);
  bench_check(bs_names_enter(&call, names, scope, false, &error), &error);
  bench_check(names->provider->consensus_at(names->state, pin.consensus, &found, pin.block, &error), &error);
  bench_prove_by(&(const struct bs_proof_source){names, ask_hashes, ask_operations}, &pin, 1, back, whole);
  printf(" %llu\n", bytes_of_links());
}

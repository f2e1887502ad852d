/* SPDX-License-Identifier: MIT */
/* Lookups of names, by the function that the name service calls for one. */
#include <config.h>

#include <string.h>

#include "tools/bench-index/bench.h"

/* A name as an update left it. */
static struct bs_name_entry entry_of(uint64_t number) {
  struct bs_name_entry entry = {.has_value = true,
                                .block_number = BENCH_FIRST_BLOCK,
                                .preorder_block_number = BENCH_FIRST_BLOCK,
                                .first_registered = BENCH_FIRST_BLOCK,
                                .last_renewed = BENCH_FIRST_BLOCK,
                                .op_fee = "25000",
                                .has_consensus = true,
                                .listed = BS_LIST_BOTH,
                                .changed_block = BENCH_FIRST_BLOCK};
  unsigned char hash[BS_HASH160_SIZE];

  bench_name(entry.name, number);
  bs_sha256(entry.origin.txid, entry.name, strlen(entry.name));
  bs_hash160(hash, entry.name, strlen(entry.name));
  memcpy(entry.value_hash, hash, sizeof hash);
  bs_script_pay_to(&entry.origin.sender, hash);
  bs_address_encode(entry.origin.address, 0, hash);
  entry.origin.op[0] = '+';
  entry.origin.public_key.bytes[0] = 2;
  entry.origin.public_key.length = 33;
  return entry;
}

void bench_fill(const char *path, size_t names) {
  struct bench_index file;
  struct bs_error error = {0};

  bench_index_open(&file, path, BS_DATABASE_CREATE);
  for (uint64_t number = 0; number < names; number++) {
    struct bs_name_entry entry = entry_of(number);

    bench_check(bs_index_put_name(&file.index, &entry, &error), &error);
    if (number % 10000 == 0) bench_index_commit(&file);
  }
  bench_index_close(&file);
}

static void look(void *user, uint64_t number) {
  struct bench_index *file = user;
  struct bs_name_entry entry;
  struct bs_namespace_entry name_space;
  char name[BS_NAME_MAX + 1];
  bool found, name_space_found;
  struct bs_error error = {0};

  bench_name(name, number);
  bench_check(bs_index_get_name_in_namespace(&file->index, &entry, &found, &name_space, &name_space_found, name, &error), &error);
  if (!found || !name_space_found || strcmp(entry.name, name) != 0) bench_die("a name");
}

void bench_lookup(const char *path, size_t names, size_t count) {
  struct bench_index file;

  bench_index_open(&file, path, BS_DATABASE_READ);
  bench_time_lookups(look, &file, names, count);
  bench_index_close(&file);
}

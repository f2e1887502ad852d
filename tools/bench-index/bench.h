/* SPDX-License-Identifier: MIT */
/* What the files of bench-index share: a file with a chain of name operations, and the index that is made of it. */
#ifndef BENCH_INDEX_H
#define BENCH_INDEX_H

#include <stdio.h>

#include "core/chain/rules.h"
#include "core/names/proof-claim.h"

#define BLOCK_OPERATIONS 500
#define COMMIT_BLOCKS 50 /* that go into the index at once: a crash loses no more of them */

/* ---- main.c ---- */

void bench_die(const char *what) __attribute__((noreturn));
void bench_check(bool good, const struct bs_error *error); /* dies of the error unless good */
double bench_now_us(void);
/* Prints the count, how many a second, the process's peak memory in KiB and the file's size in bytes. */
void bench_tell_rate(size_t count, double microseconds, const char *path);
/* Runs look(user, number) for `count` numbers below `names`; prints median and 99th percentile, microseconds. */
void bench_time_lookups(void (*look)(void *user, uint64_t number), void *user, size_t names, size_t count);

/* ---- chain-file.c: blocks with their lengths in front, behind them the last one's consensus hash ---- */

struct bench_raw {
  const unsigned char *bytes, *script; /* a transaction, and the script that its input 0 spends */
  uint32_t length, script_length;
};

/* What is in it lives until the next block is read, or begun. */
struct bench_block {
  struct bs_buffer bytes;
  struct bench_raw raws[BLOCK_OPERATIONS];
  uint32_t count;
};
void bench_block_begin(struct bench_block *block);
void bench_block_add(struct bench_block *block, const struct bs_buffer *raw, const struct bs_script *script);
void bench_block_end(struct bench_block *block, FILE *file); /* writes it, and fills raws */
bool bench_block_read(struct bench_block *block, FILE *file); /* false: what follows is the consensus hash */
void bench_block_free(struct bench_block *block);

/* ---- index-file.c ---- */

#define BENCH_FIRST_BLOCK 1000
#define BENCH_LIFETIME 1000 /* blocks that names of the namespace `app` live; those of `id` live for ever */

struct bench_index {
  struct bs_database *database;
  struct bs_index index;
};
/* One that is made has both namespaces, and a transaction has begun; closing commits it. */
void bench_index_open(struct bench_index *file, const char *path, enum bs_database_mode mode);
void bench_index_close(struct bench_index *file);
void bench_index_commit(struct bench_index *file); /* and begins another transaction */
/* Parses the transactions and applies them, with a commit every COMMIT_BLOCKS; `verdicts`, as many, may be NULL. */
void bench_index_apply(struct bench_index *file, struct bs_block_result *result, uint64_t height, const struct bench_block *block,
                       enum bs_verdict *verdicts);
/* The name with this number: unique, of `id` or `app`. */
void bench_name(char name[BS_NAME_MAX + 1], uint64_t number);
bool bench_name_expires(uint64_t number);
/* A number that looks random; the same for the same one. */
uint64_t bench_scatter(uint64_t number);

/* ---- what can be measured; each prints one line of numbers; path: of the index, or the ledger ---- */

void bench_generate(const char *chain, const char *index, size_t operations);
void bench_apply(const char *chain, const char *path);
void bench_fill(const char *path, size_t names);
void bench_lookup(const char *path, size_t names, size_t count);
void bench_ledger(const char *path, size_t count);

/* prove.c: an index of so many blocks; then a name that was changed `back` blocks below the last, whole: nothing since. */
void bench_fill_blocks(const char *path, size_t blocks);
void bench_prove(const char *path, size_t blocks, size_t back, bool whole);
void bench_add_block(const struct bs_index *index, unsigned char consensus[BS_CONSENSUS_SIZE], uint64_t block);
/* Prints its numbers, and ends no line. */
void bench_prove_by(const struct bs_proof_source *source, const struct bs_pin *pin, uint64_t first_block, size_t back,
                    bool whole);
/* prove-remote.c: the same of a ledger that a blockstored serves; also prints the bytes that went over its connection. */
void bench_fill_ledger(const char *path, size_t blocks);
void bench_prove_remote(const char *server, size_t blocks, size_t back, bool whole);

/* ---- the floors ---- */

void bench_floor_hash(const char *chain);
void bench_floor_rows(const char *index, const char *copy);
void bench_floor_lookup(const char *index, size_t names, size_t count);
void bench_floor_verify(size_t count);
void bench_floor_prove(size_t count);

#endif

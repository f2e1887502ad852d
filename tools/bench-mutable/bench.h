/* SPDX-License-Identifier: MIT */
/* What bench-mutable measures against: each floor is the least that any program must do for the same result. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One turn of something that is timed. */
typedef void (*bench_work)(void *user, size_t turn);

void bench_die(const char *what) __attribute__((noreturn));

/* floor-get.c: read a file, SHA-256 of it, verify a signature by a key that is parsed each time, or once. */
struct bench_floor_get;
struct bench_floor_get *bench_floor_get_new(const char *file, bool parse_each_time);
void bench_floor_get_run(void *user, size_t turn);

/* floor-hash.c: read a file and SHA-256 of it, a piece at a time. */
struct bench_floor_hash;
struct bench_floor_hash *bench_floor_hash_new(const char *file);
void bench_floor_hash_run(void *user, size_t turn);

/* floor-commit.c: one row written by a durable SQLite commit (WAL, synchronous=FULL). */
struct bench_floor_commit;
struct bench_floor_commit *bench_floor_commit_new(const char *file);
void bench_floor_commit_run(void *user, size_t turn);

/* floor-put.c: sign, write a file durably (temporary, fsync, rename, fsync of the directory), one durable commit. */
struct bench_floor_put;
struct bench_floor_put *bench_floor_put_new(const char *directory, size_t size);
void bench_floor_put_run(void *user, size_t turn);

/* floor-large.c: read a file of base64, decode it, SHA-256 of the data; `piece` by piece, in memory for all of it. */
struct bench_floor_large;
struct bench_floor_large *bench_floor_large_new(const char *file);
void bench_floor_large_run(void *user, size_t turn);

#endif

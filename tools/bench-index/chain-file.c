/* SPDX-License-Identifier: MIT */
/* Blocks on disk, in this machine's byte order: length, number of transactions; each with its two lengths in front. */
#include <config.h>

#include <string.h>

#include "tools/bench-index/bench.h"

static void add_number(struct bs_buffer *bytes, uint32_t number) {
  bs_buffer_add(bytes, &number, sizeof number);
}

static uint32_t take_number(const unsigned char **at) {
  uint32_t number;

  memcpy(&number, *at, sizeof number);
  *at += sizeof number;
  return number;
}

static const unsigned char *take(const unsigned char **at, size_t length) {
  const unsigned char *bytes = *at;

  *at += length;
  return bytes;
}

void bench_block_begin(struct bench_block *block) {
  bs_buffer_clear(&block->bytes);
  add_number(&block->bytes, 0);
  block->count = 0;
}

void bench_block_add(struct bench_block *block, const struct bs_buffer *raw, const struct bs_script *script) {
  add_number(&block->bytes, (uint32_t)raw->length);
  add_number(&block->bytes, (uint32_t)script->length);
  bs_buffer_add(&block->bytes, raw->bytes, raw->length);
  bs_buffer_add(&block->bytes, script->bytes, script->length);
  block->count++;
}

static void split(struct bench_block *block) {
  const unsigned char *at = block->bytes.bytes;

  block->count = take_number(&at);
  if (block->count > BLOCK_OPERATIONS) bench_die("a block");
  for (size_t i = 0; i < block->count; i++) {
    struct bench_raw *raw = &block->raws[i];

    raw->length = take_number(&at);
    raw->script_length = take_number(&at);
    raw->bytes = take(&at, raw->length);
    raw->script = take(&at, raw->script_length);
  }
}

void bench_block_end(struct bench_block *block, FILE *file) {
  uint32_t length = (uint32_t)block->bytes.length;

  if (block->bytes.failed) bench_die("memory");
  memcpy(block->bytes.bytes, &block->count, sizeof block->count);
  if (fwrite(&length, sizeof length, 1, file) != 1 || fwrite(block->bytes.bytes, length, 1, file) != 1) bench_die("a write");
  split(block);
}

bool bench_block_read(struct bench_block *block, FILE *file) {
  uint32_t length;
  unsigned char *bytes;

  if (fread(&length, sizeof length, 1, file) != 1) bench_die("a read");
  if (length == 0) return false;
  bs_buffer_clear(&block->bytes);
  bytes = bs_buffer_extend(&block->bytes, length);
  if (bytes == NULL || fread(bytes, length, 1, file) != 1) bench_die("a read");
  split(block);
  return true;
}

void bench_block_free(struct bench_block *block) {
  bs_buffer_free(&block->bytes);
}

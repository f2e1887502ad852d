/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/bitcoind/block.h"

#include <string.h>

#include "core/base/auto.h"

#define TRANSACTION_SIZE_MIN 60 /* bytes of one with one input and one output, without scripts */

static uint64_t little_endian(const unsigned char *bytes, size_t width) {
  uint64_t value = 0;

  for (size_t i = width; i > 0; i--) value = value << 8 | bytes[i - 1];
  return value;
}

static void read_header(struct bs_bitcoin_header *header, const unsigned char *bytes) {
  bs_sha256d(header->hash, bytes, BS_BITCOIN_HEADER_SIZE);
  memcpy(header->previous, bytes + 4, BS_BITCOIN_HASH_SIZE);
  memcpy(header->merkle_root, bytes + 36, BS_BITCOIN_HASH_SIZE);
  header->time = (uint32_t)little_endian(bytes + 68, 4);
}

/* Bitcoin's variable width; *at moves behind it.  False when it is cut off, or longer than it has to be. */
static bool take_count(uint64_t *ret_count, const unsigned char *bytes, size_t length, size_t *at) {
  static const uint64_t least[] = {0xfd, 0x10000, UINT64_C(0x100000000)};
  size_t width, kind;

  if (*at >= length) return false;
  if (bytes[*at] < 0xfd) {
    *ret_count = bytes[(*at)++];
    return true;
  }
  kind = bytes[(*at)++] - 0xfdu;
  width = (size_t)2 << kind;
  if (length - *at < width) return false;
  *ret_count = little_endian(bytes + *at, width);
  *at += width;
  return *ret_count >= least[kind];
}

static bool read_transactions(struct bs_bitcoin_block *block, const unsigned char *bytes, size_t length, size_t at,
                              uint64_t count, struct bs_error *error) {
  block->transactions = calloc(count, sizeof *block->transactions);
  if (block->transactions == NULL) return bs_fail_memory(error);
  while (block->count < count) {
    size_t size;

    if (!bs_transaction_read(&block->transactions[block->count], &size, bytes + at, length - at, error))
      return bs_context(error, "Transaction %zu of the block, at byte %zu", block->count, at);
    at += size;
    block->count++;
  }
  if (at == length) return true;
  return bs_fail(error, BS_WORD_malformed, "The block has %zu bytes too many at its end.", length - at);
}

static bool check_coinbases(const struct bs_bitcoin_block *block, struct bs_error *error) {
  if (!bs_transaction_is_coinbase(&block->transactions[0]))
    return bs_fail(error, BS_WORD_malformed, "The first transaction of the block is no coinbase.");
  for (size_t i = 1; i < block->count; i++)
    if (bs_transaction_is_coinbase(&block->transactions[i]))
      return bs_fail(error, BS_WORD_malformed, "Transaction %zu of the block is a second coinbase.", i);
  return true;
}

/* The root of the tree over `count` hashes, which are overwritten.  False when two neighbours are equal: as an odd row's last is
 * paired with itself, other transactions would have the same root (CVE-2012-2459). */
static bool merkle_root(unsigned char (*row)[BS_BITCOIN_HASH_SIZE], size_t count) {
  for (; count > 1; count = (count + 1) / 2) {
    for (size_t i = 0; i < count; i += 2) {
      unsigned char pair[2 * BS_BITCOIN_HASH_SIZE];

      if (i + 1 < count && memcmp(row[i], row[i + 1], sizeof row[i]) == 0) return false;
      memcpy(pair, row[i], sizeof row[i]);
      memcpy(pair + sizeof row[i], row[i + 1 < count ? i + 1 : i], sizeof row[i]);
      bs_sha256d(row[i / 2], pair, sizeof pair);
    }
  }
  return true;
}

static bool check_root(const struct bs_bitcoin_block *block, struct bs_error *error) {
  unsigned char(*row)[BS_BITCOIN_HASH_SIZE] BS_AUTO_FREE = calloc(block->count, sizeof *row);

  if (row == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < block->count; i++) memcpy(row[i], block->transactions[i].txid, sizeof row[i]);
  if (!merkle_root(row, block->count))
    return bs_fail(error, BS_WORD_malformed, "The block holds transactions twice.");
  if (memcmp(row[0], block->header.merkle_root, sizeof row[0]) == 0) return true;
  return bs_fail(error, BS_WORD_malformed, "The transactions of the block are not those that its header is the hash of.");
}

bool bs_bitcoin_block_parse(struct bs_bitcoin_block *ret_block, const unsigned char *bytes, size_t length,
                            struct bs_error *error) {
  struct bs_bitcoin_block block BS_AUTO(bs_bitcoin_block_free) = {.count = 0};
  size_t at = BS_BITCOIN_HEADER_SIZE;
  uint64_t count;

  if (length > BS_BITCOIN_BLOCK_MAX)
    return bs_fail(error, BS_WORD_malformed, "The block has more than %u bytes.", BS_BITCOIN_BLOCK_MAX);
  if (length < BS_BITCOIN_HEADER_SIZE)
    return bs_fail(error, BS_WORD_malformed, "The block has %zu bytes, less than its header.", length);
  read_header(&block.header, bytes);
  if (!take_count(&count, bytes, length, &at))
    return bs_fail(error, BS_WORD_malformed, "The number of transactions in the block is malformed.");
  if (count == 0) return bs_fail(error, BS_WORD_malformed, "The block has no transaction.");
  if (count > (length - at) / TRANSACTION_SIZE_MIN)
    return bs_fail(error, BS_WORD_malformed, "The block is cut off: its transactions need more than its %zu bytes.", length);
  if (!read_transactions(&block, bytes, length, at, count, error) || !check_coinbases(&block, error) ||
      !check_root(&block, error))
    return false;
  *ret_block = block;
  block = (struct bs_bitcoin_block){.count = 0};
  return true;
}

void bs_bitcoin_block_free(struct bs_bitcoin_block *block) {
  for (size_t i = 0; i < block->count; i++) bs_transaction_free(&block->transactions[i]);
  free(block->transactions);
  block->transactions = NULL;
  block->count = 0;
}

/* SPDX-License-Identifier: MIT */
/* What a Bitcoin node hands out. */
#include <config.h>

#include <string.h>

#include "core/bitcoind/block.h"
#include "t/fuzz/targets.h"

/* Few mutations keep the root of the transactions; so the first of them is also read without it. */
void bs_fuzz_bitcoin_block(const uint8_t *bytes, size_t length) {
  struct bs_bitcoin_block block;
  struct bs_transaction transaction;
  struct bs_error error = {0};
  size_t size;

  if (length > BS_BITCOIN_HEADER_SIZE + 1 &&
      bs_transaction_read(&transaction, &size, bytes + BS_BITCOIN_HEADER_SIZE + 1, length - BS_BITCOIN_HEADER_SIZE - 1, &error)) {
    PROMISED(size <= length - BS_BITCOIN_HEADER_SIZE - 1);
    bs_transaction_free(&transaction);
  }
  error = (struct bs_error){0};
  if (!bs_bitcoin_block_parse(&block, bytes, length, &error)) {
    PROMISED(error.message[0] != '\0');
    return;
  }
  PROMISED(block.count > 0 && bs_transaction_is_coinbase(&block.transactions[0]));
  for (size_t i = 1; i < block.count; i++)
    PROMISED(memcmp(block.transactions[i].txid, block.transactions[i - 1].txid, BS_TXID_SIZE) != 0);
  bs_bitcoin_block_free(&block);
}

/* SPDX-License-Identifier: MIT */
/*
 * Bitcoin transactions: read and written, also with witnesses; signed for P2PKH and P2WPKH inputs, and checked for P2PKH
 * inputs, under SIGHASH_ALL.
 * Transaction ids are kept in the order in which they are hashed; their text is the reverse.
 */
#ifndef BS_CHAIN_TRANSACTION_H
#define BS_CHAIN_TRANSACTION_H

#include "core/chain/script.h"

#define BS_TXID_SIZE 32
#define BS_TRANSACTION_MAX (1u << 20)             /* bytes */
#define BS_MONEY_MAX UINT64_C(2100000000000000)   /* satoshis */
#define BS_OUTPUT_SCRIPT_MAX (BS_PAYLOAD_MAX + 2) /* of an output in a draft */

struct bs_transaction_input {
  unsigned char txid[BS_TXID_SIZE]; /* all zero, with output UINT32_MAX: a coinbase */
  uint32_t output;
  const unsigned char *script;
  size_t script_length;
  uint32_t sequence;
  const unsigned char *witness; /* serialised, with the number of its items; length 0: there is none */
  size_t witness_length;
};

struct bs_transaction_output {
  uint64_t value; /* satoshis */
  const unsigned char *script;
  size_t script_length;
};

/* Scripts point into the bytes it was parsed from. */
struct bs_transaction {
  unsigned char txid[BS_TXID_SIZE];
  uint32_t version;
  uint32_t lock_time;
  struct bs_transaction_input *inputs; /* by bs_transaction_free */
  size_t input_count;
  struct bs_transaction_output *outputs;
  size_t output_count;
  bool has_witnesses;
};

/* Reads all of raw.  Words: malformed (what is wrong, and where), no_memory. */
bool bs_transaction_parse(struct bs_transaction *ret_transaction, const unsigned char *raw, size_t length,
                          struct bs_error *error);
/* Reads the one at the beginning of raw, whatever its size and what follows it; *ret_size: its bytes. */
bool bs_transaction_read(struct bs_transaction *ret_transaction, size_t *ret_size, const unsigned char *raw, size_t length,
                         struct bs_error *error);
void bs_transaction_free(struct bs_transaction *transaction);
/* Without witnesses: what the txid is the hash of. */
void bs_transaction_write(struct bs_buffer *raw, const struct bs_transaction *transaction);
/* With them, where it has any: what a node is given. */
void bs_transaction_write_whole(struct bs_buffer *raw, const struct bs_transaction *transaction);
/* What the fee is for: a quarter of the weight, rounded up (BIP 141).  size: bytes without witnesses; whole: with them. */
size_t bs_transaction_virtual_size(size_t size, size_t whole);
bool bs_transaction_is_coinbase(const struct bs_transaction *transaction);
/* The digest that input `number`, which spends an output with `script`, signs under SIGHASH_ALL. */
bool bs_transaction_digest(unsigned char digest[BS_SHA256_SIZE], const struct bs_transaction *transaction,
                           size_t number, const unsigned char *script, size_t script_length, struct bs_error *error);
/* The same for a P2WPKH output of a key with this hash, which holds `value` (BIP 143). */
bool bs_transaction_witness_digest(unsigned char digest[BS_SHA256_SIZE], const struct bs_transaction *transaction,
                                   size_t number, const unsigned char hash[BS_HASH160_SIZE], uint64_t value,
                                   struct bs_error *error);
/* Does input `number` hold a good signature for the P2PKH output it spends?  Words: forged, denied (a script of another
 * kind), no_memory. */
bool bs_transaction_check_input(const struct bs_transaction *transaction, size_t number, const unsigned char *script,
                                size_t script_length, struct bs_error *error);

void bs_txid_text(char text[2 * BS_TXID_SIZE + 1], const unsigned char txid[BS_TXID_SIZE]);
bool bs_txid_parse(unsigned char txid[BS_TXID_SIZE], const char *text);

#define BS_COINBASE_MATURITY 100 /* confirmations from which on a node takes what spends a coinbase's output */

/* An output that can be spent. */
struct bs_coin {
  unsigned char txid[BS_TXID_SIZE];
  uint32_t output;
  uint64_t value;
  struct bs_script script; /* P2PKH or P2WPKH */
  bool is_coinbase;
};
/*
 * Takes the coin from the whole transaction that made it, so that nobody can lie about its value: `raw` must hash to
 * `txid`.  Words: forged (another transaction, or no such output), malformed, denied (neither P2PKH nor P2WPKH).
 */
bool bs_coin_from_transaction(struct bs_coin *ret_coin, const unsigned char txid[BS_TXID_SIZE], uint32_t output,
                              const unsigned char *raw, size_t length, struct bs_error *error);

#define BS_DRAFT_INPUTS 32
#define BS_DRAFT_OUTPUTS 8

/* A transaction in the making, by value; keys are the caller's.  Zero is empty. */
struct bs_draft {
  struct {
    struct bs_coin coin;
    const struct bs_key *key;
  } inputs[BS_DRAFT_INPUTS];
  size_t input_count;
  struct {
    uint64_t value;
    unsigned char script[BS_OUTPUT_SCRIPT_MAX];
    size_t script_length;
  } outputs[BS_DRAFT_OUTPUTS];
  size_t output_count;
  bool is_replaceable; /* a later transaction with a higher fee may take its place (BIP 125) */
};

/* A P2WPKH coin is spent with the key's compressed form. */
void bs_draft_spend(struct bs_draft *draft, const struct bs_coin *coin, const struct bs_key *key);
void bs_draft_pay(struct bs_draft *draft, const unsigned char hash[BS_HASH160_SIZE], uint64_t satoshis);
void bs_draft_data(struct bs_draft *draft, const unsigned char *payload, size_t length); /* at most BS_PAYLOAD_MAX */
uint64_t bs_draft_in(const struct bs_draft *draft);
uint64_t bs_draft_out(const struct bs_draft *draft);
/* The virtual size that the signed transaction has at most. */
size_t bs_draft_size(const struct bs_draft *draft);
/* Signs every input with its key and appends the transaction, with witnesses where it needs them; the txid is without.
 *  Words: denied (a key that the coin does not belong to),
 * no_memory. */
bool bs_draft_sign(struct bs_buffer *raw, unsigned char txid[BS_TXID_SIZE], const struct bs_draft *draft,
                   struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/slow-chain.h"

#include <signal.h>
#include <sys/mman.h>

#include "core/base/auto.h"
#include "core/names/indexed.h"
#include "core/names/payment.h"

struct slow_chain *slow;

/* ---- the ledger ---- */

static struct bs_ledger *open_ledger(void) {
  struct bs_ledger *ledger;
  struct bs_error error = {0};

  assert_ok(bs_ledger_open(&ledger, slow->ledger, BS_DATABASE_CREATE, NULL, NULL, &error));
  return ledger;
}

void slow_begin(const char *ledger, uint64_t lag) {
  slow = mmap(NULL, sizeof *slow, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(slow != MAP_FAILED);
  snprintf(slow->ledger, sizeof slow->ledger, "%s", ledger);
  slow->lag = lag;
  slow->fee_rate = 10000;
  bs_ledger_close(open_ledger());
}

void slow_end(void) {
  munmap(slow, sizeof *slow);
  slow = NULL;
}

void slow_grant(const struct bs_key *key, uint64_t satoshis) {
  struct bs_ledger *ledger = open_ledger();
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_error error = {0};

  bs_public_key_hash(hash, bs_key_public(key));
  assert_ok(bs_ledger_begin(ledger, &error));
  assert_ok(bs_ledger_grant(ledger, hash, satoshis, &error));
  assert_ok(bs_ledger_commit(ledger, &error));
  bs_ledger_close(ledger);
}

static void index_block(const struct slow_transactions *block) {
  struct bs_ledger *ledger = open_ledger();
  struct bs_raw raws[SLOW_POOL];
  struct bs_verdict_text verdicts[SLOW_POOL];
  struct bs_error error = {0};
  uint64_t height;

  for (size_t i = 0; i < block->count; i++) raws[i] = (struct bs_raw){block->items[i].raw, block->items[i].length};
  assert_ok(bs_ledger_begin(ledger, &error));
  assert_ok(bs_ledger_append(ledger, &height, verdicts, raws, block->count, false, &error));
  assert_ok(bs_ledger_commit(ledger, &error));
  bs_ledger_close(ledger);
}

/* ---- lists ---- */

static struct slow_transaction *find_in(struct slow_transactions *list, const unsigned char txid[BS_TXID_SIZE]) {
  for (size_t i = 0; i < list->count; i++)
    if (memcmp(list->items[i].txid, txid, BS_TXID_SIZE) == 0) return &list->items[i];
  return NULL;
}

static struct slow_transaction *find_mined(const unsigned char txid[BS_TXID_SIZE]) {
  for (size_t i = 0; i < slow->block_count; i++) {
    struct slow_transaction *found = find_in(&slow->blocks[i], txid);

    if (found != NULL) return found;
  }
  return NULL;
}

static void drop(struct slow_transactions *list, size_t number) {
  memmove(&list->items[number], &list->items[number + 1], (--list->count - number) * sizeof list->items[0]);
}

static struct bs_transaction parse(const struct slow_transaction *item) {
  struct bs_transaction transaction;
  struct bs_error error = {0};

  assert_ok(bs_transaction_parse(&transaction, item->raw, item->length, &error));
  return transaction;
}

static bool spends(const struct slow_transaction *item, const unsigned char txid[BS_TXID_SIZE], uint32_t output) {
  struct bs_transaction transaction = parse(item);
  bool found = false;

  for (size_t i = 0; i < transaction.input_count; i++)
    if (memcmp(transaction.inputs[i].txid, txid, BS_TXID_SIZE) == 0 &&
        (output == UINT32_MAX || transaction.inputs[i].output == output))
      found = true;
  bs_transaction_free(&transaction);
  return found;
}

static bool is_spent_in_block(const unsigned char txid[BS_TXID_SIZE], uint32_t output) {
  for (size_t i = 0; i < slow->block_count; i++)
    for (size_t j = 0; j < slow->blocks[i].count; j++)
      if (spends(&slow->blocks[i].items[j], txid, output)) return true;
  return false;
}

/* With all that depends on it; returns their fees. */
static uint64_t evict(const unsigned char txid[BS_TXID_SIZE]) {
  struct slow_transaction *item = find_in(&slow->pool, txid);
  uint64_t fees;

  if (item == NULL) return 0;
  fees = item->fee;
  drop(&slow->pool, (size_t)(item - slow->pool.items));
  for (size_t i = slow->pool.count; i > 0; i--)
    if (i <= slow->pool.count && spends(&slow->pool.items[i - 1], txid, UINT32_MAX)) {
      unsigned char dependent[BS_TXID_SIZE];

      memcpy(dependent, slow->pool.items[i - 1].txid, sizeof dependent);
      fees += evict(dependent);
    }
  return fees;
}

/* ---- blocks ---- */

static void close_block(void) {
  slow->block_count++;
  assert_true(slow->block_count < sizeof slow->blocks / sizeof slow->blocks[0]);
  while (slow->block_count > slow->lag) {
    index_block(&slow->blocks[0]);
    memmove(&slow->blocks[0], &slow->blocks[1], --slow->block_count * sizeof slow->blocks[0]);
  }
}

void slow_mine(size_t blocks) {
  for (size_t i = 0; i < blocks; i++) {
    struct slow_transactions *block = &slow->blocks[slow->block_count];

    *block = slow->pool;
    slow->pool.count = 0;
    close_block();
  }
}

static void from_text(unsigned char txid[BS_TXID_SIZE], const char *text) {
  assert_true(bs_txid_parse(txid, text));
}

void slow_mine_only(const char *text) {
  struct slow_transactions *block = &slow->blocks[slow->block_count];
  unsigned char txid[BS_TXID_SIZE];
  struct slow_transaction *item;

  from_text(txid, text);
  item = find_in(&slow->pool, txid);
  if (item == NULL) fail_msg("%s is not in the pool", text);
  else block->items[0] = *item;
  block->count = 1;
  drop(&slow->pool, (size_t)(item - slow->pool.items));
  close_block();
}

static void fill(struct slow_transaction *item, const unsigned char txid[BS_TXID_SIZE], const struct bs_buffer *raw,
                 uint64_t fee) {
  assert_true(raw->length <= sizeof item->raw);
  memcpy(item->txid, txid, BS_TXID_SIZE);
  memcpy(item->raw, raw->bytes, raw->length);
  item->length = raw->length;
  item->fee = fee;
}

void slow_mine_raw(const struct bs_buffer *raw) {
  struct slow_transactions *block = &slow->blocks[slow->block_count];
  struct bs_transaction transaction;
  struct bs_error error = {0};

  assert_ok(bs_transaction_parse(&transaction, raw->bytes, raw->length, &error));
  for (size_t i = 0; i < transaction.input_count; i++)
    for (size_t j = slow->pool.count; j > 0; j--)
      if (j <= slow->pool.count && spends(&slow->pool.items[j - 1], transaction.inputs[i].txid, transaction.inputs[i].output)) {
        unsigned char txid[BS_TXID_SIZE];

        memcpy(txid, slow->pool.items[j - 1].txid, sizeof txid);
        evict(txid);
      }
  fill(&block->items[0], transaction.txid, raw, 0);
  block->count = 1;
  bs_transaction_free(&transaction);
  close_block();
}

void slow_reorganise(size_t blocks) {
  for (; blocks > 0; blocks--) {
    struct slow_transactions *block;

    assert_true(slow->block_count > 0);
    block = &slow->blocks[--slow->block_count];
    assert_true(slow->pool.count + block->count <= SLOW_POOL);
    memmove(&slow->pool.items[block->count], &slow->pool.items[0], slow->pool.count * sizeof slow->pool.items[0]);
    memcpy(&slow->pool.items[0], block->items, block->count * sizeof block->items[0]);
    slow->pool.count += block->count;
  }
}

void slow_forget(void) {
  slow->pool.count = 0;
}

bool slow_has(const char *text) {
  unsigned char txid[BS_TXID_SIZE];

  from_text(txid, text);
  return find_in(&slow->pool, txid) != NULL;
}

struct bs_transaction slow_transaction_of(const char *text) {
  unsigned char txid[BS_TXID_SIZE];
  struct slow_transaction *item;

  from_text(txid, text);
  item = find_in(&slow->pool, txid);
  if (item == NULL) fail_msg("%s is not in the pool", text);
  return parse(item);
}

/* ---- the node's rules ---- */

static bool coin_from(struct bs_coin *coin, const struct slow_transaction *item, const struct bs_transaction_input *input) {
  struct bs_error error = {0};

  return item != NULL &&
         bs_coin_from_transaction(coin, input->txid, input->output, item->raw, item->length, &error);
}

/* An output of the ledger that nothing in it spends. */
static bool coin_of_ledger(struct bs_coin *coin, const struct bs_transaction_input *input) {
  struct bs_ledger *ledger = open_ledger();
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_outpoint outpoints[24];
  struct bs_error error = {0};
  unsigned char hash[BS_HASH160_SIZE];
  size_t count;
  bool found = false;

  if (bs_ledger_get_transaction(ledger, &raw, NULL, input->txid, &error) &&
      bs_coin_from_transaction(coin, input->txid, input->output, raw.bytes, raw.length, &error)) {
    bs_script_classify(hash, coin->script.bytes, coin->script.length);
    assert_ok(bs_ledger_get_unspents(ledger, outpoints, &count, 24, hash, &error));
    for (size_t i = 0; i < count; i++)
      if (outpoints[i].output == input->output && memcmp(outpoints[i].txid, input->txid, BS_TXID_SIZE) == 0) found = true;
  }
  bs_ledger_close(ledger);
  return found;
}

static bool is_extra(const struct bs_transaction_input *input) {
  return slow->extra.value != 0 && memcmp(slow->extra.txid, input->txid, BS_TXID_SIZE) == 0;
}

static bool find_coin(struct bs_coin *coin, const struct bs_transaction_input *input, struct bs_error *error) {
  if (is_extra(input)) {
    *coin = slow->extra;
    return true;
  }
  if (!is_spent_in_block(input->txid, input->output) &&
      (coin_from(coin, find_in(&slow->pool, input->txid), input) || coin_from(coin, find_mined(input->txid), input) ||
       coin_of_ledger(coin, input)))
    return true;
  return bs_fail(error, BS_WORD_conflict, "bad-txns-inputs-missingorspent");
}

static bool check_outputs(const struct bs_transaction *transaction, struct bs_error *error) {
  for (size_t i = 0; i < transaction->output_count; i++) {
    const struct bs_transaction_output *output = &transaction->outputs[i];

    if (bs_script_classify(NULL, output->script, output->script_length) != BS_SCRIPT_NULL_DATA && output->value < 546)
      return bs_fail(error, BS_WORD_denied, "dust");
  }
  return true;
}

/* What is replaced by it goes at once; a dry run puts it back. */
static bool make_room(const struct bs_transaction *transaction, uint64_t fee, size_t size, struct bs_error *error) {
  uint64_t replaced = 0;

  for (size_t i = 0; i < transaction->input_count; i++)
    for (size_t j = slow->pool.count; j > 0; j--) {
      unsigned char txid[BS_TXID_SIZE];

      if (j > slow->pool.count) continue;
      if (!spends(&slow->pool.items[j - 1], transaction->inputs[i].txid, transaction->inputs[i].output)) continue;
      memcpy(txid, slow->pool.items[j - 1].txid, sizeof txid);
      replaced += evict(txid);
    }
  if (replaced == 0 || fee >= replaced + size) return true;
  return bs_fail(error, BS_WORD_contested, "insufficient fee, rejecting replacement");
}

static bool judge(const struct bs_transaction *transaction, const struct bs_buffer *raw, uint64_t *ret_fee,
                  struct bs_error *error) {
  struct bs_buffer bare BS_AUTO_BUFFER = BS_BUFFER_INIT;
  uint64_t in = 0, out = 0;
  size_t size;

  for (size_t i = 0; i < transaction->input_count; i++) {
    struct bs_coin coin;

    if (!find_coin(&coin, &transaction->inputs[i], error)) return false;
    if (transaction->inputs[i].sequence != 0xfffffffd) return bs_fail(error, BS_WORD_denied, "not replaceable");
    if (!bs_script_witness_hash(NULL, coin.script.bytes, coin.script.length) &&
        !bs_transaction_check_input(transaction, i, coin.script.bytes, coin.script.length, error))
      return false;
    in += coin.value;
  }
  for (size_t i = 0; i < transaction->output_count; i++) out += transaction->outputs[i].value;
  bs_transaction_write(&bare, transaction);
  size = bs_transaction_virtual_size(bare.length, raw->length);
  if (in < out + size || (in - out) * 1000 < slow->least_rate * size)
    return bs_fail(error, BS_WORD_denied, "min relay fee not met");
  *ret_fee = in - out;
  return check_outputs(transaction, error) && make_room(transaction, in - out, size, error);
}

static bool take(const struct bs_buffer *raw, bool dry_run, struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};
  struct slow_transactions *before = malloc(sizeof *before);
  struct bs_ledger *ledger = open_ledger();
  struct bs_buffer known BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error ignored;
  uint64_t fee = 0;
  bool good, is_known;

  assert_non_null(before);
  assert_true(bs_transaction_parse(&transaction, raw->bytes, raw->length, &ignored));
  is_known = find_in(&slow->pool, transaction.txid) != NULL || find_mined(transaction.txid) != NULL ||
             bs_ledger_get_transaction(ledger, &known, NULL, transaction.txid, &ignored);
  bs_ledger_close(ledger);
  *before = slow->pool;
  good = is_known || judge(&transaction, raw, &fee, error);
  if (!good || dry_run) slow->pool = *before;
  else if (!is_known) fill(&slow->pool.items[slow->pool.count++], transaction.txid, raw, fee);
  free(before);
  return good;
}

/* ---- the provider ---- */

static bool slow_broadcast(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                           struct bs_error *error) {
  bool good;

  (void)state, (void)ret_broadcast;
  if (!dry_run && ++slow->broadcasts == slow->kill_before) raise(SIGKILL);
  if (slow->is_down) return bs_fail(error, BS_WORD_unreachable, "The node cannot be reached.");
  if (slow->refuses) return bs_fail(error, BS_WORD_denied, "The node does not like it.");
  good = take(raw, dry_run, error);
  if (!dry_run && slow->broadcasts == slow->kill_after) raise(SIGKILL);
  return slow->is_deaf && good ? bs_fail(error, BS_WORD_unreachable, "The node did not answer.") : good;
}

static bool slow_info(void *state, struct bs_names_info *info, struct bs_error *error) {
  if (!bs_provider_embedded.info(state, info, error)) return false;
  info->node_height = info->height + slow->block_count;
  return true;
}

/* As scantxoutset: the chain's, whatever the pool does with them. */
static bool slow_coins(void *state, struct bs_coin *coins, size_t *ret_count, size_t most,
                       const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  const struct bs_view embedded = {&bs_provider_embedded, state};
  struct bs_coin own[BS_COINS_MAX];
  unsigned char found[BS_HASH160_SIZE];
  size_t count, kept = 0;

  if (!bs_coins_of(&embedded, own, &count, hash, error)) return false;
  if (bs_script_witness_hash(found, slow->extra.script.bytes, slow->extra.script.length) &&
      memcmp(found, hash, sizeof found) == 0)
    coins[kept++] = slow->extra;
  for (size_t i = 0; i < count && kept < most; i++)
    if (!is_spent_in_block(own[i].txid, own[i].output) && (i > 0 || !slow->hides_largest)) coins[kept++] = own[i];
  for (size_t i = 0; i < slow->block_count; i++)
    for (size_t j = 0; j < slow->blocks[i].count; j++) {
      const struct slow_transaction *item = &slow->blocks[i].items[j];
      struct bs_transaction transaction = parse(item);

      for (size_t k = 0; k < transaction.output_count && kept < most; k++) {
        const struct bs_transaction_output *output = &transaction.outputs[k];

        if (bs_script_classify(found, output->script, output->script_length) == BS_SCRIPT_PUBLIC_KEY_HASH &&
            memcmp(found, hash, sizeof found) == 0 && !is_spent_in_block(item->txid, (uint32_t)k))
          assert_true(bs_coin_from_transaction(&coins[kept++], item->txid, (uint32_t)k, item->raw, item->length, error));
      }
      bs_transaction_free(&transaction);
    }
  *ret_count = kept;
  return true;
}

static bool slow_fee_rate(void *state, uint64_t *ret_rate, struct bs_error *error) {
  (void)state, (void)error;
  *ret_rate = slow->fee_rate;
  return true;
}

/* ---- the embedded one's ---- */

static bool slow_open(void **ret_state, const struct bs_names_config *config, struct bs_error *error) {
  struct bs_names_config own = *config;

  own.ledger = slow->ledger;
  return bs_provider_embedded.open(ret_state, &own, error);
}

static void slow_close(void *state) {
  bs_provider_embedded.close(state);
}

#define SAME(result, name, parameters, arguments)        \
  static result slow_##name parameters {                 \
    return bs_provider_embedded.name arguments;          \
  }
SAME(bool, enter, (void *state, const struct bs_scope *scope, bool write, bool *ret_exists, struct bs_error *error),
     (state, scope, write, ret_exists, error))
static void slow_leave(void *state) {
  bs_provider_embedded.leave(state);
}
SAME(bool, network, (void *state, const struct bs_scope *scope, enum bs_network *ret_network, struct bs_error *error),
     (state, scope, ret_network, error))
SAME(bool, check, (void *state, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error),
     (state, scope, survey, error))
SAME(const char *, place, (void *state), (state))
SAME(bool, chain_id, (void *state, unsigned char chain_id[32], struct bs_error *error), (state, chain_id, error))
SAME(bool, tip, (void *state, uint64_t *ret_height, unsigned char consensus[BS_CONSENSUS_SIZE], struct bs_error *error),
     (state, ret_height, consensus, error))

static bool never(void *state) {
  (void)state;
  return false;
}

const struct bs_provider slow_provider = {
    .name = "slow",
    .proven = "none",
    .is_immediate = never,
    .open = slow_open,
    .close = slow_close,
    .enter = slow_enter,
    .leave = slow_leave,
    .network = slow_network,
    .check = slow_check,
    .place = slow_place,
    .chain_id = slow_chain_id,
    .info = slow_info,
    .tip = slow_tip,
    .get_name = bs_indexed_get_name,
    .is_inherited = bs_indexed_is_inherited,
    .get_namespace = bs_indexed_get_namespace,
    .get_preorder = bs_indexed_get_preorder,
    .list = bs_indexed_list,
    .list_in_namespace = bs_indexed_list_in_namespace,
    .operations_at = bs_indexed_operations_at,
    .operations_on = bs_indexed_operations_on,
    .announcements_at = bs_indexed_announcements_at,
    .refused_at = bs_indexed_refused_at,
    .consensus_at = bs_indexed_consensus_at,
    .find_value = bs_indexed_find_value,
    .coins = slow_coins,
    .fee_rate = slow_fee_rate,
    .broadcast = slow_broadcast,
};

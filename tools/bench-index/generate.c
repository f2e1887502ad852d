/* SPDX-License-Identifier: MIT */
/*
 * Makes a chain of name operations: 35 of a hundred are preorders, 35 registrations, 18 updates, 6 renewals, 4
 * transfers, 1 is a revocation, and 1 an update that must be refused.  Preorders and updates name the consensus hashes of
 * blocks before, so the blocks are applied to an index as they are made.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "tools/bench-index/bench.h"

#define BURNED 1000000u /* satoshis: enough for the shortest of the names */
#define CHANGE 5500u
#define DELAY 3 /* blocks from a preorder to its registration */

struct person {
  struct bs_public_key key;
  struct bs_script script;
  char address[BS_ADDRESS_TEXT];
};

struct name {
  uint64_t number, owner, renewed, touched;
};

struct preorder {
  uint64_t number, sender, owner, block;
};

struct generator {
  uint64_t random, height, operations, owners;
  struct bench_index index;
  struct bench_block block;
  enum bs_verdict wanted[BLOCK_OPERATIONS];
  struct name *names; /* that are registered and not revoked */
  size_t name_count;
  struct preorder *preorders;
  size_t preorder_count, registered; /* the oldest `registered` of them are */
};

static uint64_t draw(struct generator *generator, uint64_t count) {
  return bench_scatter(generator->random++) % count;
}

static struct person person_of(uint64_t number) {
  struct person person = {.key = {.bytes = {2}, .length = 33}};
  unsigned char hash[BS_HASH160_SIZE];

  bs_sha256(person.key.bytes + 1, &number, sizeof number);
  bs_public_key_hash(hash, &person.key);
  bs_script_pay_to(&person.script, hash);
  bs_address_encode(person.address, 0, hash);
  return person;
}

/* An input with a signature that nobody checks and the sender's key; outputs as in protocol.md 3.1. */
static void write_transaction(struct bs_buffer *raw, const struct generator *generator, const struct bs_operation *operation,
                              const struct person *sender, const struct person *recipient) {
  unsigned char script[1 + 72 + 1 + 33] = {72}, data[2 + BS_PAYLOAD_MAX] = {0x6a};
  struct bs_script burned;
  struct bs_transaction_input input = {.script = script, .script_length = sizeof script, .sequence = UINT32_MAX};
  struct bs_transaction_output outputs[] = {{0, data, 0},
                                            {CHANGE, recipient->script.bytes, recipient->script.length},
                                            {CHANGE, sender->script.bytes, sender->script.length},
                                            {BURNED, burned.bytes, 25}};
  struct bs_transaction transaction = {.version = 1, .inputs = &input, .input_count = 1, .outputs = outputs, .output_count = 4};

  bs_sha256(input.txid, &generator->random, sizeof generator->random);
  script[73] = 33;
  memcpy(script + 74, sender->key.bytes, 33);
  data[1] = (unsigned char)bs_operation_write(data + 2, (const unsigned char *)"id", operation);
  outputs[0].script_length = 2u + data[1];
  bs_script_pay_to(&burned, (const unsigned char[BS_HASH160_SIZE]){0});
  bs_transaction_write(raw, &transaction);
}

static void send(struct generator *generator, const struct bs_operation *operation, const struct person *sender,
                 const struct person *recipient, enum bs_verdict wanted) {
  struct bs_buffer raw = BS_BUFFER_INIT;

  write_transaction(&raw, generator, operation, sender, recipient);
  generator->wanted[generator->block.count] = wanted;
  bench_block_add(&generator->block, &raw, &sender->script);
  generator->random++;
  bs_buffer_free(&raw);
}

static void recent_consensus(struct generator *generator, unsigned char consensus[BS_CONSENSUS_SIZE]) {
  uint64_t back = 1 + draw(generator, BS_CONSENSUS_WINDOW / 2);
  struct bs_error error = {0};
  bool found;

  if (generator->height - back < BENCH_FIRST_BLOCK) back = 1;
  bench_check(bs_index_get_consensus(&generator->index.index, consensus, NULL, &found, generator->height - back, &error), &error);
}

static void preorder(struct generator *generator) {
  struct bs_operation operation = {.opcode = BS_NAME_PREORDER, .quantity = 1};
  struct preorder made = {generator->preorder_count, draw(generator, generator->owners), draw(generator, generator->owners),
                          generator->height};
  struct person sender = person_of(made.sender), owner = person_of(made.owner);
  char name[BS_NAME_MAX + 1];

  bench_name(name, made.number);
  bs_name_hash(operation.hash, name, &sender.script, owner.address);
  recent_consensus(generator, operation.consensus);
  send(generator, &operation, &sender, &sender, BS_VERDICT_ACCEPTED);
  generator->preorders[generator->preorder_count++] = made;
}

static bool can_register(const struct generator *generator) {
  return generator->registered < generator->preorder_count &&
         generator->preorders[generator->registered].block + DELAY <= generator->height;
}

static void registration(struct generator *generator) {
  struct bs_operation operation = {.opcode = BS_NAME_REGISTRATION};
  struct preorder made = generator->preorders[generator->registered++];
  struct person sender = person_of(made.sender), owner = person_of(made.owner);

  bench_name(operation.name, made.number);
  send(generator, &operation, &sender, &owner, BS_VERDICT_ACCEPTED);
  generator->names[generator->name_count++] = (struct name){made.number, made.owner, generator->height, generator->height};
}

static void forget(struct generator *generator, struct name *name) {
  *name = generator->names[--generator->name_count];
}

/* Any name that has not expired and that nothing was done with in this block; NULL: none was found. */
static struct name *any_name(struct generator *generator) {
  for (size_t i = 0; i < 20 && generator->name_count > 0; i++) {
    struct name *name = &generator->names[draw(generator, generator->name_count)];

    if (bench_name_expires(name->number) && name->renewed + BENCH_LIFETIME <= generator->height) {
      forget(generator, name);
    } else if (name->touched != generator->height) {
      name->touched = generator->height;
      return name;
    }
  }
  return NULL;
}

static void update(struct generator *generator, struct name *name, enum bs_verdict wanted) {
  struct bs_operation operation = {.opcode = BS_NAME_UPDATE};
  struct person owner = person_of(wanted == BS_VERDICT_ACCEPTED ? name->owner : generator->owners); /* the latter has no name */
  char text[BS_NAME_MAX + 1];
  unsigned char consensus[BS_CONSENSUS_SIZE];

  bench_name(text, name->number);
  recent_consensus(generator, consensus);
  bs_update_hash(operation.name_hash, text, consensus);
  bs_hash160(operation.value_hash, &generator->random, sizeof generator->random);
  send(generator, &operation, &owner, &owner, wanted);
}

static void renewal(struct generator *generator, struct name *name) {
  struct bs_operation operation = {.opcode = BS_NAME_REGISTRATION};
  struct person owner = person_of(name->owner);

  bench_name(operation.name, name->number);
  send(generator, &operation, &owner, &owner, BS_VERDICT_ACCEPTED);
  name->renewed = generator->height;
}

static void transfer(struct generator *generator, struct name *name) {
  struct bs_operation operation = {.opcode = BS_NAME_TRANSFER, .keep_data = true};
  uint64_t to = (name->owner + 1 + draw(generator, generator->owners - 1)) % generator->owners;
  struct person owner = person_of(name->owner), recipient = person_of(to);
  char text[BS_NAME_MAX + 1];

  bench_name(text, name->number);
  bs_hash128(operation.name_hash, text, strlen(text));
  recent_consensus(generator, operation.consensus);
  send(generator, &operation, &owner, &recipient, BS_VERDICT_ACCEPTED);
  name->owner = to;
}

static void revocation(struct generator *generator, struct name *name) {
  struct bs_operation operation = {.opcode = BS_NAME_REVOKE};
  struct person owner = person_of(name->owner);

  bench_name(operation.name, name->number);
  send(generator, &operation, &owner, &owner, BS_VERDICT_ACCEPTED);
  forget(generator, name);
}

static void add_operation(struct generator *generator) {
  uint64_t kind = draw(generator, 100);
  struct name *name = kind < 70 ? NULL : any_name(generator);

  if (kind >= 35 && kind < 70 && can_register(generator)) {
    registration(generator);
  } else if (name == NULL) {
    preorder(generator);
  } else if (kind < 88) {
    update(generator, name, BS_VERDICT_ACCEPTED);
  } else if (kind < 94) {
    renewal(generator, name);
  } else if (kind < 98) {
    transfer(generator, name);
  } else if (kind < 99) {
    revocation(generator, name);
  } else {
    update(generator, name, BS_VERDICT_REFUSED);
  }
}

static void add_block(struct generator *generator, FILE *file, struct bs_block_result *result) {
  enum bs_verdict verdicts[BLOCK_OPERATIONS];

  bench_block_begin(&generator->block);
  while (generator->block.count < BLOCK_OPERATIONS && generator->operations > 0) {
    add_operation(generator);
    generator->operations--;
  }
  bench_block_end(&generator->block, file);
  bench_index_apply(&generator->index, result, generator->height++, &generator->block, verdicts);
  if (memcmp(verdicts, generator->wanted, generator->block.count * sizeof *verdicts) != 0)
    bench_die("an operation was judged otherwise than it was meant");
}

void bench_generate(const char *chain, const char *index, size_t operations) {
  struct generator generator = {.height = BENCH_FIRST_BLOCK, .operations = operations, .owners = operations / 6 + 2};
  FILE *file = fopen(chain, "w");
  struct bs_block_result result = {0};

  if (file == NULL) bench_die(chain);
  generator.names = calloc(operations, sizeof *generator.names);
  generator.preorders = calloc(operations, sizeof *generator.preorders);
  if (generator.names == NULL || generator.preorders == NULL) bench_die("memory");
  bench_index_open(&generator.index, index, BS_DATABASE_CREATE);
  while (generator.operations > 0) add_block(&generator, file, &result);
  bench_index_close(&generator.index);
  if (fwrite(&(uint32_t){0}, sizeof(uint32_t), 1, file) != 1 || fwrite(result.consensus, BS_CONSENSUS_SIZE, 1, file) != 1 ||
      fclose(file) != 0)
    bench_die(chain);
  bench_block_free(&generator.block);
  free(generator.names);
  free(generator.preorders);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/generator.h"

#include "core/codec/hex.h"

#define OUTPUTS 8
#define PAYLOAD 60
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BURN "76a914000000000000000000000000000000000000000088ac"
#define NO_ADDRESS "51" /* anyone can spend it */
#define SCRIPT_MAX 150 /* bytes of an output's: of a multisig one with three keys */
#define FEE_MAX 1e14 /* so that eight times twice as much is money */

/* A transaction in the making. */
struct draft {
  const struct generator_actor *sender;
  unsigned char payload[PAYLOAD];
  size_t length;
  struct {
    char script[2 * SCRIPT_MAX + 1]; /* "": the payload */
    uint64_t value;
  } outputs[OUTPUTS];
  size_t count;
  const struct generator_actor *other; /* pays another input */
  bool other_first, keyless, several_pushes, long_push;
};

/* ---- chance ---- */

size_t generator_below(struct generator *generator, size_t limit) {
  generator->random ^= generator->random >> 12;
  generator->random ^= generator->random << 25;
  generator->random ^= generator->random >> 27;
  return (size_t)((generator->random * 2685821657736338717u) >> 33) % limit;
}

static bool one_in(struct generator *generator, size_t n) {
  return generator_below(generator, n) == 0;
}

static const struct generator_actor *any_actor(struct generator *generator) {
  return &generator->actors[generator_below(generator, GENERATOR_ACTORS)];
}

/* The one of the script; somebody else, if nobody has it. */
static const struct generator_actor *actor_of(struct generator *generator, const char *script) {
  for (size_t i = 0; i < GENERATOR_ACTORS; i++)
    if (strcmp(generator->actors[i].script, script) == 0) return &generator->actors[i];
  return any_actor(generator);
}

/* ---- payloads and outputs ---- */

static void add(struct draft *draft, const void *bytes, size_t length) {
  if (length > PAYLOAD - draft->length) length = PAYLOAD - draft->length;
  memcpy(draft->payload + draft->length, bytes, length);
  draft->length += length;
}

static void add_byte(struct draft *draft, uint64_t byte) {
  unsigned char one = (unsigned char)byte;

  add(draft, &one, 1);
}

static void add_text(struct draft *draft, const char *text) {
  add(draft, text, strlen(text));
}

static void add_hex(struct draft *draft, const char *digits) {
  unsigned char bytes[PAYLOAD];

  if (!bs_hex_decode(bytes, strlen(digits) / 2, digits)) abort();
  add(draft, bytes, strlen(digits) / 2);
}

static void add_noise(struct generator *generator, struct draft *draft, size_t length) {
  for (; length > 0; length--) add_byte(draft, generator_below(generator, 256));
}

static void pay(struct draft *draft, const char *script, uint64_t value) {
  if (draft->count == OUTPUTS) return;
  snprintf(draft->outputs[draft->count].script, sizeof draft->outputs[0].script, "%s", script);
  draft->outputs[draft->count++].value = value;
}

/* The payload goes first, as the original had it. */
static struct draft begin(struct generator *generator, unsigned char opcode, const struct generator_actor *sender) {
  struct draft draft = {.sender = sender};

  pay(&draft, "", 0);
  add(&draft, generator->model->parameters->magic, 2);
  add_byte(&draft, opcode);
  return draft;
}

static void insert(struct draft *draft, size_t at, const char *script, uint64_t value) {
  char copy[sizeof draft->outputs[0].script]; /* it may be that of an output that moves */

  if (draft->count == OUTPUTS) return;
  snprintf(copy, sizeof copy, "%s", script);
  memmove(&draft->outputs[at + 1], &draft->outputs[at], (draft->count++ - at) * sizeof draft->outputs[0]);
  memcpy(draft->outputs[at].script, copy, sizeof copy);
  draft->outputs[at].value = value;
}

static void drop(struct draft *draft, size_t at) {
  memmove(&draft->outputs[at], &draft->outputs[at + 1], (--draft->count - at) * sizeof draft->outputs[0]);
}

/* ---- one thing that is wrong, or odd ---- */

#define KEY_33 "210279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define KEY_65                                                         \
  "410479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f8"   \
  "1798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"

static const char *odd_script(struct generator *generator) {
  static const char *const scripts[] = {BURN,
                                        NO_ADDRESS,
                                        "",                                               /* the payload again */
                                        "6a",                                             /* data, and none */
                                        "6a0568656c6c6f",                                 /* other data */
                                        "6a026964026964",                                 /* two pushes */
                                        "6aff",                                           /* no push */
                                        "6a05696421",                                     /* a push that is cut off */
                                        "6a4c",                                           /* the same, of no length */
                                        "6a0269644d0100aa",                               /* PUSHDATA2 */
                                        "51" KEY_33 "51ae",                               /* multisig: 1 of 1 */
                                        "52" KEY_33 KEY_65 KEY_33 "53ae",                 /* 2 of 3 */
                                        "53" KEY_33 KEY_65 "52ae",                        /* 3 of 2, which is none */
                                        "51" KEY_33 KEY_65 "51ae",                        /* nor is this */
                                        "00" KEY_33 "51ae",                               /* nor this */
                                        "a914aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa87", /* P2SH */
                                        "0014aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

  return scripts[generator_below(generator, COUNT(scripts))];
}

static void spoil_payload(struct generator *generator, struct draft *draft) {
  size_t at = generator_below(generator, draft->length);

  switch (generator_below(generator, 6)) {
  case 0: draft->length--; break;
  case 1: add_noise(generator, draft, 1); break;
  case 2: draft->payload[at] ^= (unsigned char)(1u << generator_below(generator, 8)); break;
  case 3: draft->payload[2] = (unsigned char)"?:+>~;*&!#$x"[generator_below(generator, 12)]; break;
  case 4: draft->length = generator_below(generator, 5); break;
  default: add_text(draft, one_in(generator, 2) ? "\n" : "."); break;
  }
}

static void spoil_output(struct generator *generator, struct draft *draft) {
  size_t at = generator_below(generator, draft->count), other = generator_below(generator, draft->count);

  switch (generator_below(generator, 6)) {
  case 0:
    if (one_in(generator, 3)) draft->count = 2; /* so the payload stays, and one more */
    drop(draft, other < draft->count ? other : draft->count - 1);
    break;
  case 1: insert(draft, at, odd_script(generator), 5500); break;
  case 2: insert(draft, at, draft->outputs[other].script, draft->outputs[other].value); break;
  case 3: insert(draft, at, any_actor(generator)->script, 5500); break;
  case 4: snprintf(draft->outputs[at].script, sizeof draft->outputs[0].script, "%s", odd_script(generator)); break;
  default: draft->outputs[at].value = generator_below(generator, 3); break;
  }
}

static void spoil_input(struct generator *generator, struct draft *draft) {
  switch (generator_below(generator, 4)) {
  case 0: draft->sender = any_actor(generator); break;
  case 1: draft->keyless = true; break;
  case 2: draft->several_pushes = true; break;
  default:
    draft->other = any_actor(generator);
    draft->other_first = generator_below(generator, 2) == 0;
    break;
  }
}

static void spoil(struct generator *generator, struct draft *draft) {
  switch (generator_below(generator, 5)) {
  case 0: spoil_payload(generator, draft); break;
  case 1: spoil_input(generator, draft); break;
  case 2: draft->long_push = true; break;
  default: spoil_output(generator, draft); break;
  }
}

/* ---- from a draft to a transaction ---- */

static void add_count(struct bs_buffer *raw, size_t count) {
  if (count < 0xfd) {
    bs_buffer_byte(raw, (unsigned char)count);
  } else {
    bs_buffer_byte(raw, 0xfd);
    bs_buffer_little_endian(raw, count, 2);
  }
}

static void add_script(struct bs_buffer *raw, const unsigned char *script, size_t length) {
  add_count(raw, length);
  bs_buffer_add(raw, script, length);
}

static void add_digits(struct bs_buffer *bytes, const char *digits) {
  unsigned char *at = bs_buffer_extend(bytes, strlen(digits) / 2);

  if (at == NULL || !bs_hex_decode(at, strlen(digits) / 2, digits)) abort();
}

/* A signature of noise, and the key. */
static void add_input(struct generator *generator, struct bs_buffer *raw, const struct draft *draft,
                      const struct generator_actor *actor) {
  unsigned char script[140] = {70};
  size_t length = 71, key = strlen(actor->key) / 2;

  for (size_t i = 0; i < 4; i++) bs_buffer_little_endian(raw, generator_below(generator, SIZE_MAX), 8);
  bs_buffer_little_endian(raw, generator_below(generator, 4), 4);
  if (key > 0 && !draft->keyless) {
    script[length++] = (unsigned char)key;
    if (!bs_hex_decode(script + length, key, actor->key)) abort();
    length += key;
    if (draft->several_pushes) script[length++] = 0x51;
  }
  add_script(raw, script, length);
  bs_buffer_little_endian(raw, UINT32_MAX, 4);
}

static void add_payload(struct bs_buffer *raw, const struct draft *draft) {
  unsigned char script[PAYLOAD + 3] = {0x6a};
  size_t length = 1;

  if (draft->long_push) script[length++] = 0x4c;
  script[length++] = (unsigned char)draft->length;
  memcpy(script + length, draft->payload, draft->length);
  add_script(raw, script, length + draft->length);
}

static void write_draft(struct generator *generator, struct bs_buffer *raw, const struct draft *draft) {
  bs_buffer_little_endian(raw, 1, 4);
  bs_buffer_byte(raw, draft->other == NULL ? 1 : 2);
  if (draft->other != NULL && draft->other_first) add_input(generator, raw, draft, draft->other);
  add_input(generator, raw, draft, draft->sender);
  if (draft->other != NULL && !draft->other_first) add_input(generator, raw, draft, draft->other);
  bs_buffer_byte(raw, (unsigned char)draft->count);
  for (size_t i = 0; i < draft->count; i++) {
    unsigned char script[SCRIPT_MAX];
    size_t length = strlen(draft->outputs[i].script) / 2;

    bs_buffer_little_endian(raw, draft->outputs[i].value, 8);
    if (length == 0) {
      add_payload(raw, draft);
    } else {
      if (!bs_hex_decode(script, length, draft->outputs[i].script)) abort();
      add_script(raw, script, length);
    }
  }
  bs_buffer_little_endian(raw, 0, 4);
}

static void add_transaction(struct generator *generator, unsigned char opcode) {
  size_t i = generator->count++;
  struct bs_error error;

  if (!bs_transaction_parse(&generator->parsed[i], generator->raws[i].bytes, generator->raws[i].length, &error))
    abort();
  generator->transactions[i] = (struct bs_block_transaction){.transaction = &generator->parsed[i],
                                                             .vtxindex = i,
                                                             .sender = generator->senders[i].bytes,
                                                             .sender_length = generator->senders[i].length};
  if (generator->senders[i].length == 0) generator->transactions[i].sender = NULL;
  generator->opcodes[i] = opcode;
}

/* The last one again, byte for byte. */
static void repeat(struct generator *generator) {
  size_t last = generator->count - 1;

  if (generator->count == GENERATOR_BLOCK) return;
  bs_buffer_clear(&generator->raws[last + 1]);
  bs_buffer_clear(&generator->senders[last + 1]);
  bs_buffer_add(&generator->raws[last + 1], generator->raws[last].bytes, generator->raws[last].length);
  bs_buffer_add(&generator->senders[last + 1], generator->senders[last].bytes, generator->senders[last].length);
  add_transaction(generator, generator->opcodes[last]);
}

/* The block gets it as one more transaction, in one of five cases spoiled. */
static void send(struct generator *generator, unsigned char opcode, struct draft *draft) {
  const struct generator_actor *first;
  size_t i = generator->count;

  if (i == GENERATOR_BLOCK) return;
  if (one_in(generator, 5)) spoil(generator, draft);
  if (draft->count == 0) pay(draft, NO_ADDRESS, 1);
  first = draft->other != NULL && draft->other_first ? draft->other : draft->sender;
  bs_buffer_clear(&generator->raws[i]);
  bs_buffer_clear(&generator->senders[i]);
  write_draft(generator, &generator->raws[i], draft);
  if (!one_in(generator, 300)) /* else there is none, as of a coinbase */
    add_digits(&generator->senders[i], one_in(generator, 300) ? NO_ADDRESS : first->script);
  add_transaction(generator, opcode);
  if (one_in(generator, 80)) repeat(generator);
}

/* ---- what to choose from ---- */

static const struct model_state *state_of(const struct generator *generator) {
  return &generator->model->state;
}

/* One of those that are ready, or not; NULL: there is none. */
static const struct model_namespace *any_namespace(struct generator *generator, bool is_ready) {
  const struct model_state *state = state_of(generator);
  size_t start = state->namespace_count == 0 ? 0 : generator_below(generator, state->namespace_count);

  for (size_t i = 0; i < state->namespace_count; i++) {
    const struct model_namespace *space = &state->namespaces[(start + i) % state->namespace_count];

    if (space->is_ready == is_ready) return space;
  }
  return NULL;
}

/* Mostly one that its owner can do something with. */
static const struct model_name *any_name(struct generator *generator) {
  const struct model_state *state = state_of(generator);
  const struct model_name *name = NULL;

  for (size_t tries = 1 + generator_below(generator, 8); tries > 0 && state->name_count > 0; tries--) {
    name = &state->names[generator_below(generator, state->name_count)];
    if (name->has_owner || (name->has_hash && !name->revoked)) break;
  }
  return name;
}

/* A name that can be had, or not. */
static void choose_name(struct generator *generator, char name[MODEL_NAME], const struct model_namespace *space) {
  static const char *const labels[] = {"a", "b", "foo", "0foo", "bcd", "x-1", "q_", "abcdefghijklmnopqrstuvw", "zz9"};

  if (one_in(generator, 30))
    snprintf(name, MODEL_NAME, "%s", "foo.none");
  else
    snprintf(name, MODEL_NAME, "%s.%.13s", labels[generator_below(generator, COUNT(labels))], space->id);
}

/* Mostly one that is recent enough. */
static void choose_consensus(struct generator *generator, char consensus[MODEL_HASH128]) {
  uint64_t height = state_of(generator)->height + 1;
  size_t age = one_in(generator, 4) ? 22 + generator_below(generator, 6) : 1 + generator_below(generator, 4);
  const char *known = model_consensus(generator->model, height - age);

  for (size_t i = 0; i < BS_CONSENSUS_SIZE; i++)
    snprintf(consensus + 2 * i, 3, "%02zx", generator_below(generator, 256));
  if (known != NULL && !one_in(generator, 40)) memcpy(consensus, known, MODEL_HASH128);
}

/* About what has to be paid. */
static uint64_t choose_fee(struct generator *generator, double price) {
  double fee = price > FEE_MAX ? FEE_MAX : price;

  switch (generator_below(generator, 8)) {
  case 0: return (uint64_t)fee == 0 ? 0 : (uint64_t)fee - 1;
  case 1: return (uint64_t)fee;
  case 2: return 2 * (uint64_t)fee;
  default: return (uint64_t)fee + 1;
  }
}

static uint64_t fee_of_name(struct generator *generator, const char *name) {
  const struct model_namespace *space = model_find_namespace(generator->model, model_namespace_of(name));
  char unused[32];

  return choose_fee(generator, space == NULL ? 100 : model_price(unused, &space->prices, name));
}

/* ---- preorders ---- */

static struct generator_plan *new_plan(struct generator *generator, unsigned char opcode) {
  struct generator_plan *plan = &generator->plans[generator->plan_count++ % GENERATOR_PLANS];

  *plan = (struct generator_plan){.opcode = opcode, .sender = any_actor(generator)};
  return plan;
}

/* Mostly one that is still to be used. */
static struct generator_plan *any_plan(struct generator *generator, unsigned char opcode) {
  size_t most = generator->plan_count < GENERATOR_PLANS ? generator->plan_count : GENERATOR_PLANS;
  struct generator_plan *found = NULL;

  for (size_t tries = 1 + generator_below(generator, 16); most > 0 && tries > 0; tries--) {
    size_t back = 1 + generator_below(generator, most);
    struct generator_plan *plan = &generator->plans[(generator->plan_count - back) % GENERATOR_PLANS];

    if (plan->opcode != opcode) continue;
    found = plan;
    if (model_find_preorder(generator->model, opcode, plan->hash) != NULL) break;
  }
  return found;
}

static void send_preorder(struct generator *generator, const struct generator_plan *plan, uint64_t fee) {
  struct draft draft = begin(generator, plan->opcode, plan->sender);
  char consensus[MODEL_HASH128];

  choose_consensus(generator, consensus);
  if (plan->count > 1 || one_in(generator, 30))
    add_byte(&draft, one_in(generator, 20) ? generator_below(generator, GENERATOR_SET) : plan->count);
  add_hex(&draft, plan->hash);
  add_hex(&draft, consensus);
  pay(&draft, plan->sender->script, 5500);
  pay(&draft, BURN, fee);
  send(generator, plan->opcode, &draft);
}

static void send_registration(struct generator *generator, const struct generator_actor *sender,
                              const struct generator_actor *recipient, const char *name) {
  struct draft draft = begin(generator, BS_NAME_REGISTRATION, sender);

  add_text(&draft, name);
  pay(&draft, recipient->script, 5500);
  pay(&draft, sender->script, 5500);
  send(generator, BS_NAME_REGISTRATION, &draft);
}

/* Of several names, one after the other; now and then another one. */
static void register_planned(struct generator *generator, struct generator_plan *plan) {
  size_t which = one_in(generator, 20) ? generator_below(generator, plan->count) : plan->next++ % plan->count;

  send_registration(generator, plan->sender, plan->names[which].recipient, plan->names[which].name);
}

static void do_register(struct generator *generator) {
  struct generator_plan *plan = any_plan(generator, BS_NAME_PREORDER);

  if (plan == NULL) return;
  register_planned(generator, plan);
  while (plan->next < plan->count && !one_in(generator, 3)) register_planned(generator, plan);
  if (one_in(generator, 12)) plan->next = 0; /* so one of them may wait twice */
  if (one_in(generator, 12)) do_register(generator);
}

static void do_preorder(struct generator *generator) {
  const struct model_namespace *space = any_namespace(generator, !one_in(generator, 20));
  const struct model_name *known = any_name(generator);
  struct generator_plan *plan;

  if (space == NULL) return;
  plan = new_plan(generator, BS_NAME_PREORDER);
  plan->count = 1;
  plan->names[0].recipient = one_in(generator, 3) ? plan->sender : any_actor(generator);
  choose_name(generator, plan->names[0].name, space);
  if (known != NULL && one_in(generator, 3)) snprintf(plan->names[0].name, MODEL_NAME, "%s", known->name);
  model_name_hash(plan->hash, plan->names[0].name, plan->sender->script, plan->names[0].recipient->address);
  send_preorder(generator, plan, fee_of_name(generator, plan->names[0].name));
  if (one_in(generator, 5)) register_planned(generator, plan);
  if (one_in(generator, 12)) send_preorder(generator, plan, fee_of_name(generator, plan->names[0].name));
}

static bool is_waiting(const struct generator *generator, const struct generator_actor *actor) {
  for (size_t i = 0; i < state_of(generator)->waiting_count; i++)
    if (strcmp(state_of(generator)->waiting[i].origin.sender, actor->script) == 0) return true;
  return false;
}

/* Whoever has something waiting that is of no set will never complete one: mostly others try. */
static void do_preorder_set(struct generator *generator) {
  const struct model_namespace *space = any_namespace(generator, !one_in(generator, 6));
  const char *names[GENERATOR_SET], *addresses[GENERATOR_SET];
  struct generator_plan *plan;

  if (space == NULL) return;
  plan = new_plan(generator, BS_NAME_PREORDER);
  while (is_waiting(generator, plan->sender) && !one_in(generator, 20)) plan->sender = any_actor(generator);
  plan->count = 1 + generator_below(generator, GENERATOR_SET);
  for (size_t i = 0; i < plan->count; i++) {
    plan->names[i].recipient = any_actor(generator);
    choose_name(generator, plan->names[i].name, space);
    names[i] = plan->names[i].name;
    addresses[i] = plan->names[i].recipient->address;
  }
  model_names_hash(plan->hash, names, plan->count, plan->sender->script, addresses);
  send_preorder(generator, plan, 1 + generator_below(generator, 1000));
  while (!one_in(generator, 3) && plan->next < plan->count) register_planned(generator, plan);
}

/* ---- what owners do ---- */

static void do_renew(struct generator *generator) {
  const struct model_name *name = any_name(generator);
  const struct generator_actor *owner;
  struct draft draft;

  if (name == NULL) return;
  owner = actor_of(generator, name->origin.sender);
  draft = begin(generator, BS_NAME_REGISTRATION, owner);
  add_text(&draft, name->name);
  pay(&draft, owner->script, 5500);
  pay(&draft, owner->script, 5500);
  pay(&draft, BURN, fee_of_name(generator, name->name));
  send(generator, BS_NAME_REGISTRATION, &draft);
  if (one_in(generator, 15)) send(generator, BS_NAME_REGISTRATION, &draft);
}

static void send_update(struct generator *generator, const char *name, const struct generator_actor *owner) {
  struct draft draft = begin(generator, BS_NAME_UPDATE, owner);
  char consensus[MODEL_HASH128], hash[MODEL_HASH128];

  choose_consensus(generator, consensus);
  model_update_hash(hash, name, consensus);
  add_hex(&draft, hash);
  add_noise(generator, &draft, 20);
  pay(&draft, owner->script, 5500);
  send(generator, BS_NAME_UPDATE, &draft);
}

static void do_update(struct generator *generator) {
  const struct model_name *name = any_name(generator);

  if (name == NULL) return;
  send_update(generator, name->name, actor_of(generator, name->origin.sender));
  if (one_in(generator, 8)) send_update(generator, name->name, actor_of(generator, name->origin.sender));
}

static void do_transfer(struct generator *generator) {
  const struct model_name *name = any_name(generator);
  const struct generator_actor *recipient = any_actor(generator);
  char consensus[MODEL_HASH128], hash[MODEL_HASH128];
  struct draft draft;

  if (name == NULL) return;
  choose_consensus(generator, consensus);
  model_update_hash(hash, name->name, "");
  draft = begin(generator, BS_NAME_TRANSFER, actor_of(generator, name->origin.sender));
  add_byte(&draft, one_in(generator, 40) ? 'x' : one_in(generator, 3) ? '~' : '>');
  add_hex(&draft, hash);
  add_hex(&draft, consensus);
  pay(&draft, recipient->script, 5500);
  pay(&draft, draft.sender->script, 5500);
  send(generator, BS_NAME_TRANSFER, &draft);
  if (one_in(generator, 3)) send_update(generator, name->name, recipient);
}

static void do_revoke(struct generator *generator) {
  const struct model_name *name = any_name(generator);
  struct draft draft;

  if (name == NULL) return;
  draft = begin(generator, BS_NAME_REVOKE, actor_of(generator, name->origin.sender));
  add_text(&draft, name->name);
  pay(&draft, draft.sender->script, 5500);
  send(generator, BS_NAME_REVOKE, &draft);
}

static void do_announce(struct generator *generator) {
  const struct model_name *name = any_name(generator);
  struct draft draft =
      begin(generator, BS_ANNOUNCE,
            name == NULL || one_in(generator, 3) ? any_actor(generator) : actor_of(generator, name->origin.sender));

  add_noise(generator, &draft, 20);
  pay(&draft, draft.sender->script, 5500);
  send(generator, BS_ANNOUNCE, &draft);
}

/* ---- namespaces ---- */

static void do_reveal_planned(struct generator *generator, const struct generator_plan *plan) {
  static const uint64_t lifetimes[] = {0, 1, 3, 8, 12, 20, 30, 50, 52595, 0xfffffffe, 0xffffffff};
  static const uint64_t numbers[] = {0, 1, 2, 4, 7, 70, 73, 90, 255}; /* not all of their powers are doubles */
  struct draft draft = begin(generator, BS_NAMESPACE_REVEAL, plan->sender);
  uint64_t lifetime = lifetimes[generator_below(generator, COUNT(lifetimes))];

  for (size_t i = 4; i > 0; i--) add_byte(&draft, lifetime >> (8 * (i - 1)));
  add_byte(&draft, numbers[generator_below(generator, COUNT(numbers))]);
  add_byte(&draft, numbers[generator_below(generator, COUNT(numbers))]);
  for (size_t i = 0; i < 8; i++)
    add_byte(&draft, one_in(generator, 10) ? generator_below(generator, 256) : generator_below(generator, 4) * 17);
  add_byte(&draft, (1 + generator_below(generator, 15)) * 16 + generator_below(generator, 16));
  add_byte(&draft, 0);
  add_byte(&draft, one_in(generator, 12) ? 2 : 1);
  add_text(&draft, plan->names[0].name);
  pay(&draft, plan->names[0].recipient->script, 5500);
  pay(&draft, plan->sender->script, 5500);
  send(generator, BS_NAMESPACE_REVEAL, &draft);
}

static void do_reveal(struct generator *generator) {
  const struct generator_plan *plan = any_plan(generator, BS_NAMESPACE_PREORDER);

  if (plan == NULL) return;
  do_reveal_planned(generator, plan);
  if (one_in(generator, 15)) do_reveal_planned(generator, plan);
}

/* New ones keep coming; an old one, or one of another length, now and then. */
static void choose_namespace(struct generator *generator, char id[MODEL_NAME]) {
  static const char *const others[] = {"q", "qq", "seven77", "eight888", "abcdefghijklmnopqrs"};

  if (one_in(generator, 4))
    snprintf(id, MODEL_NAME, "%s", others[generator_below(generator, COUNT(others))]);
  else
    snprintf(id, MODEL_NAME, "n%zu", state_of(generator)->namespace_count + generator_below(generator, 2));
}

static void send_ready(struct generator *generator, const char *id, const struct generator_actor *sender) {
  struct draft draft = begin(generator, BS_NAMESPACE_READY, sender);

  add_byte(&draft, one_in(generator, 40) ? ',' : '.');
  add_text(&draft, id);
  pay(&draft, sender->script, 5500);
  send(generator, BS_NAMESPACE_READY, &draft);
}

static void do_preorder_namespace(struct generator *generator) {
  struct generator_plan *plan = new_plan(generator, BS_NAMESPACE_PREORDER);

  plan->count = 1;
  plan->names[0].recipient = any_actor(generator);
  choose_namespace(generator, plan->names[0].name);
  model_name_hash(plan->hash, plan->names[0].name, plan->sender->script, plan->names[0].recipient->address);
  send_preorder(generator, plan, choose_fee(generator, (double)model_namespace_price(plan->names[0].name)));
  if (!one_in(generator, 8)) return;
  do_reveal_planned(generator, plan);
  if (one_in(generator, 2)) send_ready(generator, plan->names[0].name, plan->names[0].recipient);
  if (one_in(generator, 2))
    send_preorder(generator, plan, choose_fee(generator, (double)model_namespace_price(plan->names[0].name)));
}

static void do_ready(struct generator *generator) {
  const struct model_namespace *space = any_namespace(generator, one_in(generator, 20));

  if (space != NULL) send_ready(generator, space->id, actor_of(generator, space->recipient));
}

/* The namespace's key, one of those that it may import with, or one more. */
static struct generator_actor choose_importer(struct generator *generator, const struct model_namespace *space) {
  struct generator_actor actor = *actor_of(generator, space->recipient);
  char child[MODEL_KEY];
  unsigned char hash[BS_HASH160_SIZE], version;

  if (actor.key[0] == '\0' || one_in(generator, space->importer_key[0] == '\0' && !one_in(generator, 3) ? 1 : 3) ||
      !model_child_key(child, actor.key,
                       (uint32_t)generator_below(generator, generator->model->parameters->import_keys + 1)))
    return actor;
  snprintf(actor.key, sizeof actor.key, "%s", child);
  model_key_address(actor.address, actor.key, generator->model->parameters->address_version);
  if (!bs_address_decode(&version, hash, actor.address)) abort();
  snprintf(actor.script, sizeof actor.script, "76a914");
  bs_hex_encode(actor.script + 6, hash, sizeof hash);
  snprintf(actor.script + 46, sizeof actor.script - 46, "88ac");
  return actor;
}

static void do_import(struct generator *generator) {
  const struct model_namespace *space = any_namespace(generator, one_in(generator, 20));
  const struct model_name *known = any_name(generator);
  struct generator_actor importer;
  char name[MODEL_NAME];
  struct draft draft;

  if (space == NULL) return;
  importer = choose_importer(generator, space);
  choose_name(generator, name, space);
  if (known != NULL && strcmp(model_namespace_of(known->name), space->id) == 0)
    snprintf(name, sizeof name, "%s", known->name);
  draft = begin(generator, BS_NAME_IMPORT, &importer);
  add_text(&draft, name);
  known = model_find_name(generator->model, name);
  pay(&draft, known != NULL && one_in(generator, 2) ? known->origin.sender : any_actor(generator)->script, 5500);
  if (one_in(generator, 10)) pay(&draft, draft.outputs[1].script, 5500);
  pay(&draft, one_in(generator, 10) ? odd_script(generator) : any_actor(generator)->script, 5500);
  pay(&draft, importer.script, 5500);
  send(generator, BS_NAME_IMPORT, &draft);
}

/* Of this chain, and nothing else that is certain. */
static void do_noise(struct generator *generator) {
  unsigned char opcode = (unsigned char)"?:+>~;*&!#"[generator_below(generator, 10)];
  struct draft draft = begin(generator, opcode, any_actor(generator));

  add_noise(generator, &draft, generator_below(generator, 40));
  if (one_in(generator, 4)) draft.payload[0] ^= 1;
  pay(&draft, any_actor(generator)->script, 5500);
  pay(&draft, odd_script(generator), 5500);
  send(generator, opcode, &draft);
}

/* ---- the whole ---- */

static void do_something(struct generator *generator) {
  static const struct {
    size_t weight; /* together 110 */
    void (*act)(struct generator *generator);
  } acts[] = {{6, do_preorder_namespace}, {6, do_reveal},        {4, do_ready},     {14, do_import}, {16, do_preorder},
              {6, do_preorder_set},       {20, do_register},     {9, do_renew},     {12, do_update}, {10, do_transfer},
              {3, do_revoke},             {2, do_announce},      {2, do_noise}};
  size_t chance = generator_below(generator, 110), i = 0;

  for (; chance >= acts[i].weight; i++) chance -= acts[i].weight;
  acts[i].act(generator);
}

void generator_be_quiet(struct generator *generator) {
  for (size_t i = 0; i < generator->count; i++) bs_transaction_free(&generator->parsed[i]);
  generator->count = 0;
}

void generator_next(struct generator *generator) {
  generator_be_quiet(generator);
  for (size_t left = generator_below(generator, 10); left > 0; left--) do_something(generator);
}

/* ---- actors ---- */

static void make_actor(struct generator_actor *actor, const char *prefix, const char *middle, const char *suffix,
                       const struct bs_chain_parameters *parameters) {
  unsigned char script[BS_SCRIPT_MAX], hash[BS_HASH160_SIZE];
  size_t length;
  bool is_script_hash;

  snprintf(actor->script, sizeof actor->script, "%s%s%s", prefix, middle, suffix);
  length = strlen(actor->script) / 2;
  if (!bs_hex_decode(script, length, actor->script)) abort();
  is_script_hash = bs_script_classify(hash, script, length) == BS_SCRIPT_SCRIPT_HASH;
  bs_address_encode(actor->address, is_script_hash ? parameters->script_version : parameters->address_version, hash);
}

/* The first has an uncompressed key; the last but one, a script of the key itself; the last, one of a script's hash. */
static void make_actors(struct generator *generator) {
  static const char root[] = "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
                             "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb";
  const struct bs_chain_parameters *parameters = generator->model->parameters;

  for (size_t i = 0; i < GENERATOR_ACTORS; i++) {
    struct generator_actor *actor = &generator->actors[i];
    char digits[MODEL_HASH160];
    unsigned char bytes[BS_PUBLIC_KEY_MAX], hash[BS_HASH160_SIZE];

    snprintf(actor->key, sizeof actor->key, "%s", root);
    if (i > 0 && !model_child_key(actor->key, root, (uint32_t)(1000 + i))) abort();
    if (!bs_hex_decode(bytes, strlen(actor->key) / 2, actor->key)) abort();
    bs_hash160(hash, bytes, strlen(actor->key) / 2);
    bs_hex_encode(digits, hash, sizeof hash);
    if (i == GENERATOR_ACTORS - 1) {
      make_actor(actor, "a914", digits, "87", parameters);
    } else if (i == GENERATOR_ACTORS - 2) {
      make_actor(actor, "21", actor->key, "ac", parameters);
    } else {
      make_actor(actor, "76a914", digits, "88ac", parameters);
    }
  }
}

void generator_init(struct generator *generator, uint64_t seed, const struct model *model) {
  *generator = (struct generator){.random = (seed + 1) * 0x9e3779b97f4a7c15, .model = model};
  make_actors(generator);
  for (size_t i = 0; i < 4; i++) generator_below(generator, 2);
}

void generator_free(struct generator *generator) {
  generator_be_quiet(generator);
  for (size_t i = 0; i < GENERATOR_BLOCK; i++) {
    bs_buffer_free(&generator->raws[i]);
    bs_buffer_free(&generator->senders[i]);
  }
}

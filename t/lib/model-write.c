/* SPDX-License-Identifier: MIT */
/* What is known, as text: serialised (protocol.md 4.3), and in lines (t/vectors/names/README). */
#include <config.h>

#include <inttypes.h>

#include "core/base/auto.h"
#include "t/lib/model.h"

/* ---- serialised: length:text of each field, commas between them ---- */

static void begin(struct bs_buffer *text, unsigned char opcode) {
  bs_buffer_byte(text, opcode);
  bs_buffer_byte(text, ':');
}

static void add(struct bs_buffer *text, const char *value) {
  if (text->length > 2) bs_buffer_byte(text, ',');
  bs_buffer_format(text, "%zu:%s", strlen(value), value);
}

static void add_number(struct bs_buffer *text, uint64_t number) {
  char digits[24];

  snprintf(digits, sizeof digits, "%" PRIu64, number);
  add(text, digits);
}

static void add_truth(struct bs_buffer *text, bool truth) {
  add(text, truth ? "True" : "False");
}

static void add_sender(struct bs_buffer *text, const struct model_origin *origin) {
  add(text, origin->sender);
  add(text, origin->sender_pubkey);
  add(text, origin->address);
}

static void add_cause(struct bs_buffer *text, const struct model_origin *origin) {
  add(text, origin->op);
  add(text, origin->txid);
  add_number(text, origin->vtxindex);
}

static void add_name(struct bs_buffer *text, const struct model_name *name) {
  add(text, name->name);
  add(text, name->value_hash);
  add_sender(text, &name->origin);
  add_number(text, name->block_number);
  add_number(text, name->preorder_block_number);
  add_number(text, name->first_registered);
  add_number(text, name->last_renewed);
  add_truth(text, name->revoked);
  add_cause(text, &name->origin);
  add(text, name->op_fee);
  add(text, name->importer);
  add(text, name->importer_address);
}

void model_serialise(struct bs_buffer *text, unsigned char opcode, const struct model_name *name,
                     const struct model_operation *operation) {
  begin(text, opcode);
  add_name(text, name);
  switch (opcode) {
  case BS_NAME_REGISTRATION:
  case BS_NAME_IMPORT:
    add(text, operation->recipient);
    add(text, operation->recipient_address);
    break;
  case BS_NAME_UPDATE:
    add(text, operation->name_hash);
    add(text, name->consensus);
    break;
  case BS_NAME_TRANSFER:
    add(text, operation->name_hash);
    add(text, name->consensus[0] != '\0' ? name->consensus : operation->consensus);
    add_truth(text, operation->keep_data);
    break;
  default: break; /* a revocation has no more */
  }
}

void model_serialise_preorder(struct bs_buffer *text, const struct model_preorder *preorder) {
  begin(text, preorder->opcode);
  add(text, preorder->hash);
  add(text, preorder->consensus);
  if (preorder->opcode == BS_NAME_PREORDER) {
    add_sender(text, &preorder->origin);
    add_number(text, preorder->block_number);
    add_cause(text, &preorder->origin);
    add_number(text, preorder->op_fee);
  } else {
    add(text, preorder->origin.op);
    add_number(text, preorder->op_fee);
    add(text, preorder->origin.txid);
    add_number(text, preorder->origin.vtxindex);
    add_number(text, preorder->block_number);
    add_sender(text, &preorder->origin);
  }
}

static void add_buckets(struct bs_buffer *text, const uint64_t buckets[16]) {
  struct bs_buffer list BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; i < 16; i++) bs_buffer_format(&list, "%s%" PRIu64, i == 0 ? "[" : ", ", buckets[i]);
  bs_buffer_byte(&list, ']');
  add(text, bs_buffer_string(&list));
}

void model_serialise_namespace(struct bs_buffer *text, unsigned char opcode, const struct model_namespace *space) {
  begin(text, opcode);
  add(text, space->id);
  add(text, space->hash);
  add_number(text, space->version);
  add_sender(text, &space->origin);
  add(text, space->recipient);
  add(text, space->recipient_address);
  add_number(text, space->block_number);
  add_number(text, space->reveal_block);
  add_cause(text, &space->origin);
  add_number(text, space->prices.lifetime);
  add_number(text, space->prices.coeff);
  add_number(text, space->prices.base);
  add_buckets(text, space->prices.buckets);
  add_number(text, space->prices.nonalpha_discount);
  add_number(text, space->prices.no_vowel_discount);
  if (opcode == BS_NAMESPACE_READY) add_number(text, space->ready_block);
}

/* ---- lines ---- */

static void field(struct bs_buffer *line, const char *name, const char *value) {
  bs_buffer_format(line, " %s=", name);
  for (; *value != '\0'; value++)
    if (*value > ' ' && *value <= '~' && *value != '\\' && *value != '{')
      bs_buffer_byte(line, (unsigned char)*value);
    else
      bs_buffer_format(line, "\\x%02x", (unsigned char)*value);
}

static void number(struct bs_buffer *line, const char *name, uint64_t value) {
  bs_buffer_format(line, " %s=%" PRIu64, name, value);
}

static void sender_fields(struct bs_buffer *line, const struct model_origin *origin) {
  field(line, "sender", origin->sender);
  field(line, "sender_pubkey", origin->sender_pubkey);
  field(line, "address", origin->address);
}

static void cause_fields(struct bs_buffer *line, const struct model_origin *origin) {
  field(line, "op", origin->op);
  field(line, "txid", origin->txid);
  number(line, "vtxindex", origin->vtxindex);
}

static void name_line(struct bs_buffer *line, const struct model_name *name) {
  bs_buffer_format(line, "name %s", name->name);
  field(line, "value_hash", name->value_hash);
  sender_fields(line, &name->origin);
  number(line, "block_number", name->block_number);
  number(line, "preorder_block_number", name->preorder_block_number);
  number(line, "first_registered", name->first_registered);
  number(line, "last_renewed", name->last_renewed);
  field(line, "revoked", name->revoked ? "True" : "False");
  cause_fields(line, &name->origin);
  field(line, "op_fee", name->op_fee);
  field(line, "importer", name->importer);
  field(line, "importer_address", name->importer_address);
  field(line, "consensus_hash", name->consensus);
}

static void namespace_line(struct bs_buffer *line, const struct model_namespace *space) {
  const struct model_prices *prices = &space->prices;

  bs_buffer_format(line, "%s %s", space->is_ready ? "namespace" : "revealed", space->id);
  field(line, "namespace_id_hash", space->hash);
  number(line, "version", space->version);
  sender_fields(line, &space->origin);
  field(line, "recipient", space->recipient);
  field(line, "recipient_address", space->recipient_address);
  number(line, "block_number", space->block_number);
  number(line, "reveal_block", space->reveal_block);
  cause_fields(line, &space->origin);
  number(line, "lifetime", prices->lifetime);
  number(line, "coeff", prices->coeff);
  number(line, "base", prices->base);
  for (size_t i = 0; i < 16; i++)
    bs_buffer_format(line, "%s%" PRIu64, i == 0 ? " buckets=" : ",", prices->buckets[i]);
  number(line, "nonalpha_discount", prices->nonalpha_discount);
  number(line, "no_vowel_discount", prices->no_vowel_discount);
  if (space->is_ready) number(line, "ready_block", space->ready_block);
}

static void preorder_line(struct bs_buffer *line, const struct model_preorder *preorder) {
  bs_buffer_format(line, "%s %s", preorder->opcode == BS_NAME_PREORDER ? "preorder" : "namespace-preorder",
                   preorder->hash);
  field(line, "consensus_hash", preorder->consensus);
  sender_fields(line, &preorder->origin);
  number(line, "block_number", preorder->block_number);
  cause_fields(line, &preorder->origin);
  number(line, "op_fee", preorder->op_fee);
}

/* Lines of one kind, sorted.  Here an owner has one for each of his names, and one for all of them when it is put. */
struct lines {
  char **texts;
  size_t count;
};

/* Bytes of the first two words, and the space behind them. */
static size_t key_length(const char *line) {
  size_t length = strcspn(line, " ") + 1;

  return length + strcspn(line + length, " ") + 1;
}

static void take_line(struct lines *lines, struct bs_buffer *line) {
  char *text = bs_buffer_take(line);
  size_t at = lines->count;

  lines->texts = model_grow(lines->texts, lines->count++, sizeof *lines->texts);
  for (; at > 0 && strcmp(lines->texts[at - 1], text) > 0; at--) lines->texts[at] = lines->texts[at - 1];
  lines->texts[at] = text;
}

/* The same by their keys alone: those of one key stay in the order in which they come. */
static void take_in_order(struct lines *lines, struct bs_buffer *line) {
  char *text = bs_buffer_take(line);
  size_t at = lines->count, length = key_length(text);

  lines->texts = model_grow(lines->texts, lines->count++, sizeof *lines->texts);
  for (; at > 0 && strncmp(lines->texts[at - 1], text, length) > 0; at--) lines->texts[at] = lines->texts[at - 1];
  lines->texts[at] = text;
}

/* Of lines with the same key the second and later ones add what is behind it. */
static void put_lines(struct bs_buffer *text, struct lines *lines) {
  for (size_t i = 0; i < lines->count; i++) {
    const char *line = lines->texts[i], *last = i > 0 ? lines->texts[i - 1] : "";
    size_t key = key_length(line);

    if (strncmp(line, last, key) != 0)
      bs_buffer_format(text, "%s%s", i > 0 ? "\n" : "", line);
    else
      bs_buffer_format(text, " %s", line + key);
  }
  if (lines->count > 0) bs_buffer_byte(text, '\n');
  for (size_t i = 0; i < lines->count; i++) free(lines->texts[i]);
  free(lines->texts);
  *lines = (struct lines){0};
}

static void put_names(struct bs_buffer *text, const struct model_state *state) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct lines lines = {0};

  for (size_t i = 0; i < state->name_count; i++) {
    name_line(&line, &state->names[i]);
    take_line(&lines, &line);
  }
  put_lines(text, &lines);
}

static void put_namespaces(struct bs_buffer *text, const struct model_state *state) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct lines lines = {0};

  for (size_t i = 0; i < state->namespace_count; i++) {
    namespace_line(&line, &state->namespaces[i]);
    take_line(&lines, &line);
  }
  put_lines(text, &lines);
}

static void put_preorders(struct bs_buffer *text, const struct model_state *state, unsigned char opcode) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct lines lines = {0};

  for (size_t i = 0; i < state->preorder_count; i++) {
    if (state->preorders[i].opcode != opcode) continue;
    preorder_line(&line, &state->preorders[i]);
    take_line(&lines, &line);
  }
  put_lines(text, &lines);
}

/* The recordings have a name once in a block, however often it expires there. */
static bool is_repeated(const struct model_state *state, size_t which) {
  const struct model_expiry *expiry = &state->expiries[which];

  for (size_t i = 0; i < which; i++)
    if (state->expiries[i].block == expiry->block && strcmp(state->expiries[i].name, expiry->name) == 0) return true;
  return false;
}

static void put_lists(struct bs_buffer *text, const struct model_state *state) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct lines owners = {0}, hashes = {0}, expiries = {0};

  for (size_t i = 0; i < state->name_count; i++) {
    const struct model_name *name = &state->names[i];
    char hash[MODEL_HASH128];

    model_update_hash(hash, name->name, "");
    if (name->has_owner) {
      bs_buffer_format(&line, "owner %s %s", name->origin.sender, name->name);
      take_line(&owners, &line);
    }
    if (name->has_hash) {
      bs_buffer_format(&line, "hash %s %s", hash, name->name);
      take_line(&hashes, &line);
    }
  }
  for (size_t i = 0; i < state->expiry_count; i++) {
    if (is_repeated(state, i)) continue;
    bs_buffer_format(&line, "expires %" PRIu64 " %s", state->expiries[i].block, state->expiries[i].name);
    take_line(&expiries, &line);
  }
  put_lines(text, &owners);
  put_lines(text, &hashes);
  put_lines(text, &expiries);
}

static void put_imports(struct bs_buffer *text, const struct model *model) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct lines lines = {0};

  for (size_t i = 0; i < model->state.namespace_count; i++) {
    const struct model_namespace *space = &model->state.namespaces[i];
    char key[MODEL_KEY], address[BS_ADDRESS_TEXT];

    if (space->is_ready || space->importer_key[0] == '\0') continue;
    for (uint32_t j = 0; j < model->parameters->import_keys; j++) {
      if (!model_child_key(key, space->importer_key, j)) continue;
      model_key_address(address, key, model->parameters->address_version);
      bs_buffer_format(&line, "imports %s %s", space->id, address);
      take_line(&lines, &line);
    }
    bs_buffer_format(&line, "imports %s %s", space->id, space->recipient_address);
    take_line(&lines, &line);
  }
  put_lines(text, &lines);
}

static void put_waiting(struct bs_buffer *text, const struct model_state *state) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct lines lines = {0};

  for (size_t i = 0; i < state->waiting_count; i++) {
    const struct model_operation *waiting = &state->waiting[i];

    bs_buffer_format(&line, "waits %s %s:%s", waiting->origin.sender, waiting->name, waiting->origin.txid);
    take_in_order(&lines, &line);
  }
  put_lines(text, &lines);
}

static void put_history(struct bs_buffer *text, const struct model_state *state) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct lines lines = {0};

  for (size_t i = 0; i < state->change_count; i++) {
    const struct model_change *change = &state->changes[i];

    bs_buffer_format(&line, "history %s %" PRIu64 ":%s", change->name, change->block, change->txid);
    take_in_order(&lines, &line);
  }
  put_lines(text, &lines);
}

void model_lines(struct bs_buffer *lines, const struct model *model) {
  put_names(lines, &model->state);
  put_namespaces(lines, &model->state);
  put_preorders(lines, &model->state, BS_NAME_PREORDER);
  put_preorders(lines, &model->state, BS_NAMESPACE_PREORDER);
  put_lists(lines, &model->state);
  put_imports(lines, model);
  put_waiting(lines, &model->state);
  put_history(lines, &model->state);
}

/* SPDX-License-Identifier: MIT */
/* What is accepted, and what comes of it: protocol.md 3.4 to 3.6, rule by rule. */
#include <config.h>

#include "core/base/auto.h"
#include "t/lib/model.h"

#define GROUP_MAX 256 /* names that one preorder can be of, and one more */
#define SAY(text, value) snprintf((text), sizeof(text), "%s", (value))

/* ---- what there is ---- */

struct model_name *model_find_name(const struct model *model, const char *name) {
  for (size_t i = 0; i < model->state.name_count; i++)
    if (strcmp(model->state.names[i].name, name) == 0) return &model->state.names[i];
  return NULL;
}

struct model_namespace *model_find_namespace(const struct model *model, const char *id) {
  for (size_t i = 0; i < model->state.namespace_count; i++)
    if (strcmp(model->state.namespaces[i].id, id) == 0) return &model->state.namespaces[i];
  return NULL;
}

struct model_preorder *model_find_preorder(const struct model *model, unsigned char opcode, const char *hash) {
  for (size_t i = 0; i < model->state.preorder_count; i++)
    if (model->state.preorders[i].opcode == opcode && strcmp(model->state.preorders[i].hash, hash) == 0)
      return &model->state.preorders[i];
  return NULL;
}

const char *model_namespace_of(const char *name) {
  return strchr(name, '.') + 1;
}

static struct model_namespace *find_ready_namespace(const struct model *model, const char *name) {
  struct model_namespace *space = model_find_namespace(model, model_namespace_of(name));

  return space != NULL && space->is_ready ? space : NULL;
}

/* By the hash in a transfer. */
static struct model_name *find_hash(const struct model *model, const char *name_hash) {
  for (size_t i = 0; i < model->state.name_count; i++) {
    char hash[MODEL_HASH128];

    model_update_hash(hash, model->state.names[i].name, "");
    if (model->state.names[i].has_hash && strcmp(hash, name_hash) == 0) return &model->state.names[i];
  }
  return NULL;
}

size_t model_count_owned(const struct model *model, const char *sender) {
  size_t count = 0;

  for (size_t i = 0; i < model->state.name_count; i++)
    count += model->state.names[i].has_owner && strcmp(model->state.names[i].origin.sender, sender) == 0;
  return count;
}

bool model_is_registered(const struct model_name *name, const struct model_namespace *space, uint64_t height) {
  uint64_t start = name->last_renewed > space->ready_block ? name->last_renewed : space->ready_block;

  return space->prices.lifetime == BS_LIFETIME_INFINITE || start + space->prices.lifetime + 1 >= height;
}

const char *model_consensus(const struct model *model, uint64_t height) {
  uint64_t first = model->parameters->first_block;
  static char seed[MODEL_HASH128];

  if (height >= first)
    return height - first < model->state.consensus_count ? model->state.consensus[height - first] : NULL;
  if (height < model->parameters->seed_first || height > model->parameters->seed_last) return NULL;
  for (size_t i = 0; i < BS_CONSENSUS_SIZE; i++) snprintf(seed + 2 * i, 3, "%02x", model->parameters->seed[i]);
  return seed;
}

static bool is_recent(const struct model *model, const char *consensus, uint64_t height) {
  for (uint64_t back = 1; back <= 24 && back <= height; back++) {
    const char *known = model_consensus(model, height - back);

    if (known != NULL && strcmp(known, consensus) == 0) return true;
  }
  return false;
}

static bool is_script_hash(const struct model *model, const char *address) {
  unsigned char version, hash[BS_HASH160_SIZE];

  return !bs_address_decode(&version, hash, address) || version != model->parameters->address_version;
}

/* ---- what changes ---- */

static void accept(struct model *model, struct bs_buffer *serialised) {
  model->operations = model_grow(model->operations, model->operation_count, sizeof *model->operations);
  model->operations[model->operation_count++] = *serialised;
}

static void accept_change(struct model *model, const struct model_name *name, const struct model_operation *operation,
                          uint64_t height) {
  struct bs_buffer serialised = BS_BUFFER_INIT;
  struct model_state *state = &model->state;
  struct model_change *change;

  model_serialise(&serialised, operation->opcode, name, operation);
  accept(model, &serialised);
  state->changes = model_grow(state->changes, state->change_count, sizeof *state->changes);
  change = &state->changes[state->change_count++];
  SAY(change->name, name->name);
  SAY(change->txid, operation->origin.txid);
  change->block = height;
}

static struct model_name *add_name(struct model *model, const char *name) {
  struct model_state *state = &model->state;
  struct model_name *added;

  state->names = model_grow(state->names, state->name_count, sizeof *state->names);
  added = &state->names[state->name_count++];
  SAY(added->name, name);
  return added;
}

static void add_expiry(struct model *model, const char *name, uint64_t block, uint64_t lifetime) {
  struct model_state *state = &model->state;

  if (lifetime == BS_LIFETIME_INFINITE) return;
  state->expiries = model_grow(state->expiries, state->expiry_count, sizeof *state->expiries);
  state->expiries[state->expiry_count].block = block + lifetime;
  SAY(state->expiries[state->expiry_count++].name, name);
}

/* At most one. */
static void drop_expiry(struct model *model, const char *name, uint64_t block) {
  struct model_state *state = &model->state;

  for (size_t i = 0; i < state->expiry_count; i++) {
    if (state->expiries[i].block != block || strcmp(state->expiries[i].name, name) != 0) continue;
    state->expiries[i] = state->expiries[--state->expiry_count];
    return;
  }
}

static void drop_preorder(struct model *model, const struct model_preorder *preorder) {
  struct model_state *state = &model->state;
  size_t kept = 0;

  for (size_t i = 0; i < state->preorder_count; i++)
    if (&state->preorders[i] != preorder) state->preorders[kept++] = state->preorders[i];
  state->preorder_count = kept;
}

/* What every operation on a name leaves in its record. */
static void sign(struct model_name *name, const struct model_operation *operation) {
  SAY(name->origin.txid, operation->origin.txid);
  name->origin.vtxindex = operation->origin.vtxindex;
}

static void give(struct model_name *name, const struct model_operation *operation, const char *public_key) {
  SAY(name->origin.sender, operation->recipient);
  SAY(name->origin.address, operation->recipient_address);
  SAY(name->origin.sender_pubkey, public_key);
}

/* ---- preorders ---- */

/* In this block. */
static bool was_preordered(const struct model *model, const struct model_operation *operation) {
  for (size_t i = 0; i < model->preordered_count; i++)
    if (model->preordered[i].opcode == operation->opcode && strcmp(model->preordered[i].hash, operation->hash) == 0)
      return true;
  return false;
}

static bool preorder(struct model *model, const struct model_operation *operation, uint64_t height) {
  struct bs_buffer serialised = BS_BUFFER_INIT;
  struct model_state *state = &model->state;
  struct model_preorder *added;

  if (was_preordered(model, operation) || model_find_preorder(model, operation->opcode, operation->hash) != NULL ||
      !is_recent(model, operation->consensus, height) || !operation->has_fee ||
      is_script_hash(model, operation->origin.address))
    return false;
  state->preorders = model_grow(state->preorders, state->preorder_count, sizeof *state->preorders);
  added = &state->preorders[state->preorder_count++];
  added->opcode = operation->opcode;
  added->origin = operation->origin;
  added->block_number = height;
  added->op_fee = operation->fee;
  added->quantity = operation->quantity;
  SAY(added->hash, operation->hash);
  SAY(added->consensus, operation->consensus);
  added->origin.op[0] = (char)operation->opcode;
  if (operation->quantity > 1) snprintf(added->origin.op, sizeof added->origin.op, "?*%c", (char)operation->quantity);
  model->preordered = model_grow(model->preordered, model->preordered_count, sizeof *model->preordered);
  model->preordered[model->preordered_count++] = *added;
  model_serialise_preorder(&serialised, added);
  accept(model, &serialised);
  return true;
}

static bool preorder_name(struct model *model, const struct model_operation *operation, uint64_t height) {
  return model_count_owned(model, operation->origin.sender) < model->parameters->names_per_owner &&
         preorder(model, operation, height);
}

/* ---- registrations ---- */

static bool pays(double paid, const struct model_namespace *space, const char *name) {
  char unused[32];

  return paid >= model_price(unused, &space->prices, name);
}

static bool may_renew(const struct model_name *name, const struct model_namespace *space,
                      const struct model_operation *operation) {
  return strcmp(operation->origin.sender, name->origin.sender) == 0 &&
         strcmp(operation->recipient, name->origin.sender) == 0 && operation->has_fee &&
         pays((double)operation->fee, space, name->name);
}

/* The preorder of this name alone, whoever sent it. */
static struct model_preorder *find_own_preorder(const struct model *model, const struct model_operation *operation) {
  char hash[MODEL_HASH160];

  model_name_hash(hash, operation->name, operation->origin.sender, operation->recipient_address);
  return model_find_preorder(model, BS_NAME_PREORDER, hash);
}

static bool has_multiple_preorder(const struct model *model, const char *sender) {
  for (size_t i = 0; i < model->state.preorder_count; i++)
    if (model->state.preorders[i].quantity > 1 && strcmp(model->state.preorders[i].origin.sender, sender) == 0)
      return true;
  return false;
}

/* Somebody else's copy of it counts for nobody. */
static bool is_of(const struct model_preorder *preorder, const struct model_operation *operation) {
  return strcmp(preorder->origin.sender, operation->origin.sender) == 0;
}

static bool fits(const struct model_preorder *preorder, const struct model_namespace *space,
                 const struct model_operation *operation) {
  return is_of(preorder, operation) && preorder->block_number >= space->ready_block &&
         pays((double)preorder->op_fee, space, operation->name);
}

/* The sender's registrations that wait, and the one that comes. */
struct set {
  const struct model_operation *registrations[GROUP_MAX];
  size_t count;
};

static struct set set_of(const struct model *model, const struct model_operation *operation) {
  struct set set = {.count = 0};

  for (size_t i = 0; i < model->state.waiting_count && set.count + 1 < GROUP_MAX; i++)
    if (strcmp(model->state.waiting[i].origin.sender, operation->origin.sender) == 0)
      set.registrations[set.count++] = &model->state.waiting[i];
  set.registrations[set.count++] = operation;
  return set;
}

/* The preorder of exactly this set; a name alone is no set. */
static const struct model_preorder *find_completed(const struct model *model, const struct set *set) {
  const char *names[GROUP_MAX], *addresses[GROUP_MAX];
  const struct model_preorder *preorder;
  char hash[MODEL_HASH160];

  for (size_t i = 0; i < set->count; i++) {
    names[i] = set->registrations[i]->name;
    addresses[i] = set->registrations[i]->recipient_address;
  }
  model_names_hash(hash, names, set->count, set->registrations[0]->origin.sender, addresses);
  preorder = model_find_preorder(model, BS_NAME_PREORDER, hash);
  return preorder != NULL && preorder->quantity > 1 && preorder->quantity == set->count ? preorder : NULL;
}

/* Nobody has one of the names, and their namespaces are older than the preorder.  No recording shows what the original
 * does then. */
static bool may_complete(const struct model *model, const struct model_preorder *preorder, const struct set *set,
                         uint64_t height) {
  for (size_t i = 0; i < set->count; i++) {
    const char *text = set->registrations[i]->name;
    const struct model_namespace *space = find_ready_namespace(model, text);
    const struct model_name *name = model_find_name(model, text);

    if (preorder->block_number < space->ready_block) return false;
    if (name != NULL && model_is_registered(name, space, height)) return false;
  }
  return true;
}

static bool waits_already(const struct set *set, const struct model_operation *operation) {
  for (size_t i = 0; i + 1 < set->count; i++)
    if (strcmp(set->registrations[i]->name, operation->name) == 0) return true;
  return false;
}

/* Nobody waits for a preorder that was never made, or twice for one name; the last of a set is refused unless all of it
 * can be registered. */
static bool may_wait(const struct model *model, const struct model_operation *operation, uint64_t height) {
  struct set set = set_of(model, operation);
  const struct model_preorder *preorder = find_completed(model, &set);

  return has_multiple_preorder(model, operation->origin.sender) && !waits_already(&set, operation) &&
         (preorder == NULL || (is_of(preorder, operation) && may_complete(model, preorder, &set, height)));
}

bool model_may_register(const struct model *model, const struct model_operation *operation, uint64_t height) {
  const struct model_name *name = model_find_name(model, operation->name);
  const struct model_namespace *space = find_ready_namespace(model, operation->name);
  const struct model_preorder *preorder = find_own_preorder(model, operation);

  if (space == NULL || (name != NULL && name->revoked) || is_script_hash(model, operation->recipient_address) ||
      model_count_owned(model, operation->recipient) >= model->parameters->names_per_owner)
    return false;
  if (name != NULL && model_is_registered(name, space, height)) return may_renew(name, space, operation);
  return preorder != NULL ? fits(preorder, space, operation)
                          : may_wait(model, operation, height);
}

static void renew(struct model *model, struct model_name *name, const struct model_namespace *space,
                  const struct model_operation *operation, uint64_t height) {
  drop_expiry(model, name->name, name->last_renewed + space->prices.lifetime);
  add_expiry(model, name->name, height, space->prices.lifetime);
  name->last_renewed = height;
  SAY(name->origin.op, "::");
  sign(name, operation);
  accept_change(model, name, operation, height);
}

static void register_name(struct model *model, const struct model_preorder *preorder,
                          const struct model_operation *operation, uint64_t height) {
  const struct model_namespace *space = find_ready_namespace(model, operation->name);
  struct model_name *name = model_find_name(model, operation->name);
  struct model_name fresh = {.block_number = name == NULL ? preorder->block_number : name->block_number};

  if (name == NULL) name = add_name(model, operation->name);
  SAY(fresh.name, operation->name);
  *name = fresh;
  name->preorder_block_number = preorder->block_number;
  name->first_registered = name->last_renewed = height;
  snprintf(name->op_fee, sizeof name->op_fee, "%llu", (unsigned long long)preorder->op_fee);
  name->has_owner = name->has_hash = true;
  give(name, operation, preorder->origin.sender_pubkey);
  SAY(name->origin.op, ":");
  sign(name, operation);
  add_expiry(model, name->name, height, space->prices.lifetime);
  accept_change(model, name, operation, height);
}

static void register_waiting(struct model *model, const struct model_preorder *preorder, const char *sender,
                             uint64_t height) {
  struct model_state *state = &model->state;
  struct model_preorder copy = *preorder;
  size_t kept = 0;

  drop_preorder(model, preorder);
  for (size_t i = 0; i < state->waiting_count; i++) {
    if (strcmp(state->waiting[i].origin.sender, sender) == 0)
      register_name(model, &copy, &state->waiting[i], height);
    else
      state->waiting[kept++] = state->waiting[i];
  }
  state->waiting_count = kept;
}

static void wait_for_others(struct model *model, const struct model_operation *operation, uint64_t height) {
  struct model_state *state = &model->state;
  struct set set = set_of(model, operation);
  const struct model_preorder *preorder = find_completed(model, &set);

  state->waiting = model_grow(state->waiting, state->waiting_count, sizeof *state->waiting);
  state->waiting[state->waiting_count++] = *operation;
  if (preorder != NULL) register_waiting(model, preorder, operation->origin.sender, height);
}

static bool register_or_renew(struct model *model, const struct model_operation *operation, uint64_t height) {
  const struct model_namespace *space = find_ready_namespace(model, operation->name);
  struct model_preorder *preorder = find_own_preorder(model, operation);
  struct model_name *name = model_find_name(model, operation->name);

  if (!model_may_register(model, operation, height)) return false;
  if (name != NULL && model_is_registered(name, space, height)) {
    renew(model, name, space, operation, height);
  } else if (preorder == NULL) {
    wait_for_others(model, operation, height);
  } else {
    struct model_preorder copy = *preorder;

    drop_preorder(model, preorder);
    register_name(model, &copy, operation, height);
  }
  return true;
}

/* ---- what an owner does ---- */

/* The name of the sender's that the update's hash is of, together with a recent consensus hash. */
static struct model_name *find_updated(const struct model *model, const struct model_operation *operation,
                                       uint64_t height, char consensus[MODEL_HASH128]) {
  for (size_t i = 0; i < model->state.name_count; i++) {
    struct model_name *name = &model->state.names[i];

    if (!name->has_owner || strcmp(name->origin.sender, operation->origin.sender) != 0) continue;
    for (uint64_t back = 1; back <= 24 && back <= height; back++) {
      const char *known = model_consensus(model, height - back);
      char hash[MODEL_HASH128];

      if (known == NULL) continue;
      model_update_hash(hash, name->name, known);
      if (strcmp(hash, operation->name_hash) != 0) continue;
      snprintf(consensus, MODEL_HASH128, "%s", known);
      return name;
    }
  }
  return NULL;
}

static bool update_name(struct model *model, const struct model_operation *operation, uint64_t height) {
  char consensus[MODEL_HASH128];
  struct model_name *name = find_updated(model, operation, height, consensus);
  const struct model_namespace *space = name == NULL ? NULL : find_ready_namespace(model, name->name);

  if (space == NULL || !model_is_registered(name, space, height) ||
      model_count_owned(model, operation->origin.sender) > model->parameters->names_per_owner)
    return false;
  SAY(name->value_hash, operation->value_hash);
  SAY(name->consensus, consensus);
  SAY(name->origin.op, "+");
  sign(name, operation);
  accept_change(model, name, operation, height);
  return true;
}

static bool transfer_name(struct model *model, const struct model_operation *operation, uint64_t height) {
  struct model_name *name = find_hash(model, operation->name_hash);
  const struct model_namespace *space = name == NULL ? NULL : find_ready_namespace(model, name->name);

  if (space == NULL || name->revoked || !model_is_registered(name, space, height) ||
      !is_recent(model, operation->consensus, height) ||
      strcmp(operation->origin.sender, operation->recipient) == 0 ||
      strcmp(operation->origin.sender, name->origin.sender) != 0 ||
      model_count_owned(model, operation->recipient) >= model->parameters->names_per_owner ||
      is_script_hash(model, operation->recipient_address))
    return false;
  give(name, operation, "");
  name->has_owner = true;
  if (!operation->keep_data) name->value_hash[0] = '\0';
  SAY(name->origin.op, operation->keep_data ? ">>" : ">~");
  sign(name, operation);
  accept_change(model, name, operation, height);
  return true;
}

static bool revoke_name(struct model *model, const struct model_operation *operation, uint64_t height) {
  struct model_name *name = model_find_name(model, operation->name);
  const struct model_namespace *space = find_ready_namespace(model, operation->name);

  if (name == NULL || space == NULL || name->revoked || !model_is_registered(name, space, height) ||
      strcmp(operation->origin.sender, name->origin.sender) != 0)
    return false;
  name->revoked = true;
  name->has_owner = false;
  name->value_hash[0] = '\0';
  SAY(name->origin.op, "~");
  sign(name, operation);
  accept_change(model, name, operation, height);
  return true;
}

/* Also with a revoked name, or one that has left the lists; it cannot expire unless its namespace is ready. */
static bool is_announcer(const struct model *model, const char *text, const struct model_operation *operation,
                         uint64_t height) {
  const struct model_name *name = model_find_name(model, text);
  const struct model_namespace *space = find_ready_namespace(model, text);

  return name != NULL && (space == NULL || model_is_registered(name, space, height)) &&
         strcmp(name->origin.sender, operation->origin.sender) == 0;
}

static bool announce(const struct model *model, const struct model_operation *operation, uint64_t height) {
  const char *const *announcer = model->parameters->announcers;

  if (announcer == NULL) return model_count_owned(model, operation->origin.sender) > 0;
  for (; *announcer != NULL; announcer++)
    if (is_announcer(model, *announcer, operation, height)) return true;
  return false;
}

/* ---- namespaces and imports ---- */

static struct model_preorder *find_namespace_preorder(const struct model *model,
                                                      const struct model_operation *operation) {
  char hash[MODEL_HASH160];

  model_name_hash(hash, operation->name, operation->origin.sender, operation->recipient_address);
  return model_find_preorder(model, BS_NAMESPACE_PREORDER, hash);
}

bool model_may_reveal(const struct model *model, const struct model_operation *operation) {
  const struct model_preorder *preorder = find_namespace_preorder(model, operation);

  return preorder != NULL && operation->origin.sender_pubkey[0] != '\0' &&
         model_find_namespace(model, operation->name) == NULL && operation->version == 1 &&
         preorder->op_fee >= model_namespace_price(operation->name);
}

static bool reveal(struct model *model, const struct model_operation *operation, uint64_t height) {
  struct model_preorder *preorder = find_namespace_preorder(model, operation);
  struct bs_buffer serialised = BS_BUFFER_INIT;
  struct model_state *state = &model->state;
  struct model_namespace *space;

  if (preorder == NULL || !model_may_reveal(model, operation)) return false;
  state->namespaces = model_grow(state->namespaces, state->namespace_count, sizeof *state->namespaces);
  space = &state->namespaces[state->namespace_count++];
  SAY(space->id, operation->name);
  SAY(space->hash, preorder->hash);
  SAY(space->recipient, operation->recipient);
  SAY(space->recipient_address, operation->recipient_address);
  space->origin = operation->origin;
  SAY(space->origin.op, "&");
  space->version = operation->version;
  space->prices = operation->prices;
  space->block_number = preorder->block_number;
  space->reveal_block = height;
  drop_preorder(model, preorder);
  model_serialise_namespace(&serialised, operation->opcode, space);
  accept(model, &serialised);
  return true;
}

static bool make_ready(struct model *model, const struct model_operation *operation, uint64_t height) {
  struct model_namespace *space = model_find_namespace(model, operation->name);
  const struct model_preorder *again;
  struct bs_buffer serialised = BS_BUFFER_INIT;

  if (space == NULL || space->is_ready || strcmp(operation->origin.sender, space->recipient) != 0) return false;
  space->is_ready = true;
  space->ready_block = height;
  SAY(space->origin.sender, operation->origin.sender);
  SAY(space->origin.op, "!");
  SAY(space->origin.txid, operation->origin.txid);
  space->origin.vtxindex = operation->origin.vtxindex;
  again = model_find_preorder(model, BS_NAMESPACE_PREORDER, space->hash);
  if (again != NULL) drop_preorder(model, again); /* recorded in x_fuzz2 */
  model_serialise_namespace(&serialised, operation->opcode, space);
  accept(model, &serialised);
  return true;
}

static bool may_import(const struct model *model, const struct model_namespace *space, const char *address) {
  char key[MODEL_KEY], child[BS_ADDRESS_TEXT];

  if (strcmp(address, space->recipient_address) == 0) return true;
  if (space->importer_key[0] == '\0') return false; /* the first one must be of the namespace's own key */
  for (uint32_t i = 0; i < model->parameters->import_keys; i++) {
    if (!model_child_key(key, space->importer_key, i)) continue;
    model_key_address(child, key, model->parameters->address_version);
    if (strcmp(address, child) == 0) return true;
  }
  return false;
}

static struct model_name *add_import(struct model *model, const struct model_namespace *space,
                                     const struct model_operation *operation, uint64_t height) {
  struct model_name *name = add_name(model, operation->name);

  name->block_number = name->preorder_block_number = name->first_registered = name->last_renewed = height;
  model_price(name->op_fee, &space->prices, name->name);
  SAY(name->origin.op, ";");
  return name;
}

static bool import_name(struct model *model, const struct model_operation *operation, uint64_t height) {
  struct model_namespace *space = model_find_namespace(model, model_namespace_of(operation->name));
  const char *key = operation->origin.sender_pubkey;
  struct model_name *name = model_find_name(model, operation->name);

  if (space == NULL || space->is_ready || key[0] == '\0' || !may_import(model, space, operation->origin.address))
    return false;
  if (space->importer_key[0] == '\0') SAY(space->importer_key, key);
  if (name == NULL) name = add_import(model, space, operation, height);
  name->has_hash = true;
  if (strcmp(operation->recipient, name->origin.sender) != 0) name->has_owner = true; /* a new name has had no owner */
  give(name, operation, key);
  SAY(name->value_hash, operation->value_hash);
  SAY(name->importer, operation->origin.sender);
  SAY(name->importer_address, operation->origin.address);
  sign(name, operation);
  add_expiry(model, name->name, height, space->prices.lifetime);
  accept_change(model, name, operation, height);
  return true;
}

/* ---- all of them ---- */

bool model_operate(struct model *model, const struct model_operation *operation, uint64_t height) {
  switch (operation->opcode) {
  case BS_NAME_PREORDER: return preorder_name(model, operation, height);
  case BS_NAME_REGISTRATION: return register_or_renew(model, operation, height);
  case BS_NAME_UPDATE: return update_name(model, operation, height);
  case BS_NAME_TRANSFER: return transfer_name(model, operation, height);
  case BS_NAME_REVOKE: return revoke_name(model, operation, height);
  case BS_NAME_IMPORT: return import_name(model, operation, height);
  case BS_NAMESPACE_PREORDER: return preorder(model, operation, height);
  case BS_NAMESPACE_REVEAL: return reveal(model, operation, height);
  case BS_NAMESPACE_READY: return make_ready(model, operation, height);
  case BS_ANNOUNCE: return announce(model, operation, height);
  default: return false;
  }
}

static void unlist(struct model_name *name) {
  if (name == NULL) abort();
  name->has_owner = name->has_hash = name->revoked = false;
}

static void expire_reveal(struct model *model, const char *id) {
  for (size_t i = 0; i < model->state.name_count; i++)
    if (strcmp(model_namespace_of(model->state.names[i].name), id) == 0) unlist(&model->state.names[i]);
}

void model_expire(struct model *model, uint64_t height) {
  struct model_state *state = &model->state;
  size_t kept = 0;

  for (size_t i = 0; i < state->expiry_count; i++)
    if (state->expiries[i].block == height)
      unlist(model_find_name(model, state->expiries[i].name));
    else
      state->expiries[kept++] = state->expiries[i];
  state->expiry_count = kept;
  kept = 0;
  for (size_t i = 0; i < state->namespace_count; i++)
    if (state->namespaces[i].is_ready || state->namespaces[i].block_number + 52595 > height)
      state->namespaces[kept++] = state->namespaces[i];
    else
      expire_reveal(model, state->namespaces[i].id);
  state->namespace_count = kept;
}

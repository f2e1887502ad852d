/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/fields.h"

#include <ctype.h>

struct layout_field {
  const char *name;
  enum bs_field_kind kind;
};

/* The order is that of protocol.md 4.3, which the operations hash fixes. */
#define TEXT(name) {name, BS_FIELD_TEXT}
#define NUMBER(name) {name, BS_FIELD_NUMBER}
#define TRUTH(name) {name, BS_FIELD_TRUTH}
#define OWNER TEXT("sender"), TEXT("sender_pubkey"), TEXT("address")
#define PLACE TEXT("op"), TEXT("txid"), NUMBER("vtxindex")
#define RECIPIENT TEXT("recipient"), TEXT("recipient_address")
#define NAME_RECORD                                                                                                  \
  TEXT("name"), TEXT("value_hash"), OWNER, NUMBER("block_number"), NUMBER("preorder_block_number"),                  \
      NUMBER("first_registered"), NUMBER("last_renewed"), TRUTH("revoked"), PLACE, NUMBER("op_fee"), TEXT("importer"), \
      TEXT("importer_address")
#define NAMESPACE_RECORD                                                                                             \
  TEXT("namespace_id"), TEXT("namespace_id_hash"), NUMBER("version"), OWNER, RECIPIENT, NUMBER("block_number"),      \
      NUMBER("reveal_block"), PLACE, NUMBER("lifetime"), NUMBER("coeff"), NUMBER("base"),                            \
      {"buckets", BS_FIELD_LIST}, NUMBER("nonalpha_discount"), NUMBER("no_vowel_discount")

static const struct layout_field preorder[] = {TEXT("preorder_name_hash"), TEXT("consensus_hash"), OWNER,
                                               NUMBER("block_number"), PLACE, NUMBER("op_fee")};
static const struct layout_field registration[] = {NAME_RECORD, RECIPIENT}; /* and import */
static const struct layout_field update[] = {NAME_RECORD, TEXT("name_hash"), TEXT("consensus_hash")};
static const struct layout_field transfer[] = {NAME_RECORD, TEXT("name_hash"), TEXT("consensus_hash"),
                                               TRUTH("keep_data")};
static const struct layout_field revoke[] = {NAME_RECORD};
static const struct layout_field namespace_preorder[] = {
    TEXT("namespace_id_hash"), TEXT("consensus_hash"), TEXT("op"), NUMBER("op_fee"),
    TEXT("txid"), NUMBER("vtxindex"), NUMBER("block_number"), OWNER};
static const struct layout_field namespace_reveal[] = {NAMESPACE_RECORD};
static const struct layout_field namespace_ready[] = {NAMESPACE_RECORD, NUMBER("ready_block")};

struct layout {
  enum bs_opcode opcode;
  const struct layout_field *fields;
  size_t count;
};
#define LAYOUT(opcode, fields) {opcode, fields, sizeof(fields) / sizeof((fields)[0])}
static const struct layout layouts[] = {
    LAYOUT(BS_NAME_PREORDER, preorder),
    LAYOUT(BS_NAME_REGISTRATION, registration),
    LAYOUT(BS_NAME_IMPORT, registration),
    LAYOUT(BS_NAME_UPDATE, update),
    LAYOUT(BS_NAME_TRANSFER, transfer),
    LAYOUT(BS_NAME_REVOKE, revoke),
    LAYOUT(BS_NAMESPACE_PREORDER, namespace_preorder),
    LAYOUT(BS_NAMESPACE_REVEAL, namespace_reveal),
    LAYOUT(BS_NAMESPACE_READY, namespace_ready),
};

static const struct layout *find_layout(unsigned char opcode) {
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
    if (layouts[i].opcode == (enum bs_opcode)opcode) return &layouts[i];
  return NULL;
}

/* Takes "LENGTH:value" off the text. */
static bool take_value(struct bs_field *field, const char **at, const char *end) {
  size_t length = 0;
  const char *digits = *at;

  while (*at < end && isdigit((unsigned char)**at) && length < (size_t)(end - *at))
    length = length * 10 + (size_t)(*(*at)++ - '0');
  if (*at == digits || *at == end || **at != ':' || length > (size_t)(end - *at) - 1) return false;
  field->value = *at + 1;
  field->length = length;
  *at = field->value + length;
  return true;
}

/* All but op are ASCII without spaces; op may end with a byte that is a number of names. */
static bool is_text(const struct bs_field *field) {
  bool good = true;

  if (strcmp(field->name, "op") == 0) return true;
  for (size_t i = 0; i < field->length; i++) good &= (unsigned char)(field->value[i] - '!') <= '~' - '!';
  return good;
}

static size_t count_digits(const char *at, const char *end) {
  size_t count = 0;

  while (at + count < end && isdigit((unsigned char)at[count])) count++;
  return count;
}

/* As JSON has them: 0, 250, 914285.714286, 1.6777216e+12.  Returns where the number ends; NULL: there is none. */
static const char *skip_number(const char *at, const char *end) {
  size_t digits = count_digits(at, end);

  if (digits == 0 || (digits > 1 && *at == '0')) return NULL;
  at += digits;
  if (at < end && *at == '.') {
    digits = count_digits(at + 1, end);
    if (digits == 0) return NULL;
    at += 1 + digits;
  }
  if (end - at > 2 && at[0] == 'e' && at[1] == '+') {
    digits = count_digits(at + 2, end);
    if (digits == 0) return NULL;
    at += 2 + digits;
  }
  return at;
}

/* "[6, 5, 4]" */
static bool is_list(const char *at, const char *end) {
  if (end - at < 3 || *at != '[' || end[-1] != ']') return false;
  for (at++, end--;; at += 2) {
    at = skip_number(at, end);
    if (at == NULL || at == end) return at != NULL;
    if (end - at < 3 || at[0] != ',' || at[1] != ' ') return false;
  }
}

static bool is_of_kind(const struct bs_field *field) {
  const char *end = field->value + field->length;

  switch (field->kind) {
    case BS_FIELD_TEXT: return is_text(field);
    case BS_FIELD_NUMBER: return skip_number(field->value, end) == end;
    case BS_FIELD_TRUTH:
      return (field->length == 4 && memcmp(field->value, "True", 4) == 0) ||
             (field->length == 5 && memcmp(field->value, "False", 5) == 0);
    case BS_FIELD_LIST: return is_list(field->value, end);
  }
  return false;
}

static bool read_all(struct bs_fields *fields, const struct layout *layout, const char *at, const char *end) {
  for (size_t i = 0; i < layout->count; i++) {
    struct bs_field *field = &fields->items[i];

    if (i > 0 && (at == end || *at++ != ',')) return false;
    field->name = layout->fields[i].name;
    field->kind = layout->fields[i].kind;
    if (!take_value(field, &at, end) || !is_of_kind(field)) return false;
  }
  fields->opcode = layout->opcode;
  fields->count = layout->count;
  return at == end;
}

bool bs_fields_read(struct bs_fields *ret_fields, const void *serialised, size_t length, struct bs_error *error) {
  const char *text = serialised;
  const struct layout *layout = length > 2 && text[1] == ':' ? find_layout((unsigned char)text[0]) : NULL;
  struct bs_fields fields;

  if (layout == NULL || !read_all(&fields, layout, text + 2, text + length))
    return bs_fail(error, BS_WORD_corrupt, "An operation of the index is not what was once written.");
  *ret_fields = fields;
  return true;
}

void bs_fields_write(struct bs_buffer *serialised, const struct bs_fields *fields) {
  bs_buffer_format(serialised, "%c:", (char)fields->opcode);
  for (size_t i = 0; i < fields->count; i++) {
    bs_buffer_format(serialised, "%s%zu:", i == 0 ? "" : ",", fields->items[i].length);
    bs_buffer_add(serialised, fields->items[i].value, fields->items[i].length);
  }
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/recording.h"

#include <inttypes.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/chain/consensus.h"
#include "core/codec/hex.h"

#define FILE_MAX (1u << 20)
#define WORDS_MAX 100

static const char *const verdict_texts[] = {"accepted", "deferred", "rejected", "unparsable", "not-ours"};
#define VERDICTS (sizeof verdict_texts / sizeof verdict_texts[0])

/* A recording while it is read: the arrays still grow, so a block only counts what is its own. */
struct reader {
  struct recording recording; /* first: what the caller gets */
  char *text;                 /* the whole file; all strings and bytes are in it */
  char *file_name;
  struct bs_transaction *parsed;
  struct bs_block_transaction *transactions;
  enum recording_verdict *verdicts;
  struct recording_bytes *raws;
  size_t count;
  struct recording_bytes *operations;
  size_t operation_count;
};

/* ---- the words of "let" ---- */

struct word {
  char *name;
  const char *text;
};

static const char *find_word(const struct word *words, size_t count, const char *name, size_t length) {
  for (size_t i = 0; i < count; i++)
    if (strlen(words[i].name) == length && memcmp(words[i].name, name, length) == 0) return words[i].text;
  return NULL;
}

/* Appends the line with its words replaced.  False: one is unknown. */
static bool expand_line(struct bs_buffer *text, const char *line, const struct word *words, size_t count) {
  for (const char *open; (open = strchr(line, '{')) != NULL;) {
    const char *close = strchr(open, '}'), *meaning;

    if (close == NULL) return false;
    meaning = find_word(words, count, open + 1, (size_t)(close - open) - 1);
    if (meaning == NULL) return false;
    bs_buffer_add(text, line, (size_t)(open - line));
    bs_buffer_text(text, meaning);
    line = close + 1;
  }
  bs_buffer_text(text, line);
  bs_buffer_byte(text, '\n');
  return true;
}

/* An empty line stands for each "let", so that the others keep their number. */
static bool expand(struct bs_buffer *text, char *file, struct bs_error *error) {
  struct word words[WORDS_MAX];
  size_t count = 0, number = 0;

  for (char *line; (line = strsep(&file, "\n")) != NULL;) {
    number++;
    if (strncmp(line, "let ", 4) != 0) {
      if (!expand_line(text, line, words, count))
        return bs_fail(error, BS_WORD_malformed, "Line %zu has an unknown word.", number);
      continue;
    }
    line += 4;
    if (count == WORDS_MAX) return bs_fail(error, BS_WORD_malformed, "Line %zu is one word too many.", number);
    words[count].name = strsep(&line, " ");
    words[count++].text = line == NULL ? "" : line;
    bs_buffer_byte(text, '\n');
  }
  return bs_buffer_ok(text, error);
}

/* ---- values; bytes take the place of the digits they are read from ---- */

static bool read_number(uint64_t *ret_number, const char *text) {
  char *end;

  if (text == NULL || *text < '0' || *text > '9') return false;
  *ret_number = strtoull(text, &end, 10);
  return *end == '\0';
}

static bool read_hash(unsigned char *hash, size_t size, const char *text) {
  return text != NULL && strlen(text) == 2 * size && bs_hex_decode(hash, size, text);
}

static bool read_bytes(struct recording_bytes *bytes, char *text) {
  if (text == NULL) return false;
  bytes->bytes = (unsigned char *)text;
  bytes->length = strlen(text) / 2;
  return strlen(text) == 2 * bytes->length && bs_hex_decode(text, bytes->length, text);
}

/* \xNN are bytes. */
static bool read_escaped(struct recording_bytes *bytes, char *text) {
  char *to = text;

  if (text == NULL) return false;
  bytes->bytes = (unsigned char *)text;
  while (*text != '\0') {
    if (*text != '\\') {
      *to++ = *text++;
    } else {
      if (text[1] != 'x' || !bs_hex_decode(to++, 1, text + 2)) return false;
      text += 4;
    }
  }
  bytes->length = (size_t)((unsigned char *)to - bytes->bytes);
  return true;
}

/* ---- lines: each takes what is behind its first word ---- */

static bool read_chain(struct reader *reader, char *rest) {
  static const char *const announcers[] = {"judecn.id", "muneeb.id", "shea256.id", NULL}; /* the server's own */
  struct bs_chain_parameters *parameters = &reader->recording.parameters;
  char *first = strsep(&rest, " "), *magic = strsep(&rest, " "), *keys = strsep(&rest, " ");
  uint64_t import_keys, names_per_owner;

  if (!read_number(&parameters->first_block, first) || magic == NULL || strlen(magic) != 2 ||
      !read_number(&import_keys, keys) || !read_number(&names_per_owner, rest))
    return false;
  memcpy(parameters->magic, magic, 2);
  parameters->script_version = 5;
  parameters->names_per_owner = names_per_owner;
  parameters->announcers = announcers;
  parameters->import_keys = import_keys;
  return true;
}

static bool read_seed(struct reader *reader, char *rest) {
  struct bs_chain_parameters *parameters = &reader->recording.parameters;
  char *first = strsep(&rest, " "), *last = strsep(&rest, " ");

  return read_number(&parameters->seed_first, first) && read_number(&parameters->seed_last, last) &&
         read_hash(parameters->seed, sizeof parameters->seed, rest);
}

/* Makes room for one more element; false: no memory. */
#define GROW(array, count) grow((void **)&(array), (count), sizeof *(array))
static bool grow(void **array, size_t count, size_t size) {
  void *grown = reallocarray(*array, count + 1, size);

  if (grown == NULL) return false;
  *array = grown;
  memset((char *)grown + count * size, 0, size);
  return true;
}

/* Each block follows the one before it. */
static bool read_block(struct reader *reader, char *rest) {
  struct recording *recording = &reader->recording;
  struct recording_block *block;
  uint64_t expected = recording->parameters.first_block + recording->block_count;
  char *height = strsep(&rest, " "), *consensus = strsep(&rest, " ");

  if (!GROW(recording->blocks, recording->block_count)) return false;
  block = &recording->blocks[recording->block_count++];
  if (rest == NULL) bs_operations_hash(block->operations_hash, NULL, 0);
  return read_number(&block->height, height) && block->height == expected &&
         read_hash(block->consensus, sizeof block->consensus, consensus) &&
         (rest == NULL || read_hash(block->operations_hash, sizeof block->operations_hash, rest));
}

static bool read_verdict(enum recording_verdict *ret_verdict, const char *text) {
  for (size_t i = 0; i < VERDICTS && text != NULL; i++) {
    *ret_verdict = (enum recording_verdict)i;
    if (strcmp(text, verdict_texts[i]) == 0) return true;
  }
  return false;
}

static bool read_transaction(struct reader *reader, char *rest) {
  char *vtxindex = strsep(&rest, " "), *verdict = strsep(&rest, " "), *sender = strsep(&rest, " ");
  struct recording_bytes script, *raw;
  struct bs_block_transaction *transaction;
  struct bs_error error;
  size_t i = reader->count;

  if (reader->recording.block_count == 0 || !GROW(reader->parsed, i) || !GROW(reader->transactions, i) ||
      !GROW(reader->verdicts, i) || !GROW(reader->raws, i))
    return false;
  raw = &reader->raws[i];
  transaction = &reader->transactions[i];
  if (!read_number(&transaction->vtxindex, vtxindex) || !read_verdict(&reader->verdicts[i], verdict) ||
      !read_bytes(&script, sender) || !read_bytes(raw, rest) ||
      !bs_transaction_parse(&reader->parsed[i], raw->bytes, raw->length, &error))
    return false;
  transaction->sender = script.bytes;
  transaction->sender_length = script.length;
  reader->count++;
  reader->recording.blocks[reader->recording.block_count - 1].count++;
  return true;
}

static bool read_operation(struct reader *reader, char *rest) {
  struct recording *recording = &reader->recording;

  if (recording->block_count == 0 || !GROW(reader->operations, reader->operation_count)) return false;
  recording->blocks[recording->block_count - 1].operation_count++;
  return read_escaped(&reader->operations[reader->operation_count++], rest);
}

/* Any other line is one of the end. */
static bool read_end(struct reader *reader, char *line) {
  struct recording *recording = &reader->recording;

  return GROW(recording->lines, recording->line_count) &&
         recording_split_line(&recording->lines[recording->line_count++], line);
}

static bool read_line(struct reader *reader, char *line) {
  static const struct {
    const char *word;
    bool (*read)(struct reader *reader, char *rest);
  } rows[] = {{"chain ", read_chain},
              {"seed ", read_seed},
              {"block ", read_block},
              {"tx ", read_transaction},
              {"op ", read_operation}};

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t length = strlen(rows[i].word);

    if (strncmp(line, rows[i].word, length) == 0) return rows[i].read(reader, line + length);
  }
  return *line == '\0' || read_end(reader, line);
}

/* ---- the whole ---- */

/* Now that the arrays stay where they are, each block gets its part of them. */
static void share_out(struct reader *reader) {
  size_t transaction = 0, operation = 0;

  for (size_t i = 0; i < reader->count; i++) reader->transactions[i].transaction = &reader->parsed[i];
  for (size_t i = 0; i < reader->recording.block_count; i++) {
    struct recording_block *block = &reader->recording.blocks[i];

    if (block->count > 0) {
      block->transactions = &reader->transactions[transaction];
      block->verdicts = &reader->verdicts[transaction];
      block->raws = &reader->raws[transaction];
    }
    if (block->operation_count > 0) block->operations = &reader->operations[operation];
    transaction += block->count;
    operation += block->operation_count;
  }
}

static bool read_file(struct reader *reader, const char *path, struct bs_error *error) {
  struct bs_buffer file BS_AUTO_BUFFER = BS_BUFFER_INIT, text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t number = 0;
  char *at;

  if (!bs_file_read(&file, path, FILE_MAX, error)) return false;
  if (bs_buffer_string(&file) == NULL) return bs_fail_memory(error);
  if (!expand(&text, (char *)file.bytes, error)) return bs_context(error, "%s", path);
  at = reader->text = bs_buffer_take(&text);
  if (at == NULL) return bs_fail_memory(error);
  for (char *line; (line = strsep(&at, "\n")) != NULL;) {
    number++;
    if (!read_line(reader, line)) return bs_fail(error, BS_WORD_malformed, "%s: Line %zu is malformed.", path, number);
  }
  if (reader->recording.block_count == 0) return bs_fail(error, BS_WORD_malformed, "%s: There are no blocks.", path);
  share_out(reader);
  return true;
}

static char *name_of(const char *path) {
  const char *slash = strrchr(path, '/'), *start = slash == NULL ? path : slash + 1;

  return strndup(start, strcspn(start, "."));
}

bool recording_open(struct recording **ret_recording, const char *path, struct bs_error *error) {
  struct reader *reader = calloc(1, sizeof *reader);

  if (reader == NULL) return bs_fail_memory(error);
  reader->recording.name = reader->file_name = name_of(path);
  if (reader->file_name == NULL || !read_file(reader, path, error)) {
    recording_close(&reader->recording);
    return false;
  }
  *ret_recording = &reader->recording;
  return true;
}

void recording_close(struct recording *recording) {
  struct reader *reader = (struct reader *)recording;

  if (reader == NULL) return;
  for (size_t i = 0; i < reader->count; i++) bs_transaction_free(&reader->parsed[i]);
  free(reader->parsed);
  free(reader->transactions);
  free(reader->verdicts);
  free(reader->raws);
  free(reader->operations);
  free(recording->blocks);
  free(recording->lines);
  free(reader->file_name);
  free(reader->text);
  free(reader);
}

const char *recording_verdict_text(enum recording_verdict verdict) {
  return verdict_texts[verdict];
}

bool recording_is_verdict(enum recording_verdict expected, enum bs_verdict verdict) {
  switch (expected) {
  case RECORDING_ACCEPTED:
  case RECORDING_DEFERRED: return verdict == BS_VERDICT_ACCEPTED;
  case RECORDING_REJECTED: return verdict == BS_VERDICT_REFUSED;
  case RECORDING_NOT_OURS: return verdict == BS_VERDICT_NO_OPERATION;
  case RECORDING_UNPARSABLE: break; /* of which some are not worth a refusal: another magic */
  }
  return verdict != BS_VERDICT_ACCEPTED;
}

bool recording_split_line(struct recording_line *ret_line, char *text) {
  ret_line->kind = strsep(&text, " ");
  ret_line->key = strsep(&text, " ");
  ret_line->text = text;
  return text != NULL;
}

bool recording_get_field(const struct recording_line *line, const char **ret_value, size_t *ret_length,
                         const char *field) {
  size_t length = strlen(field);

  for (const char *at = line->text; *at != '\0'; at += strspn(at, " ")) {
    size_t word = strcspn(at, " ");

    if (strncmp(at, field, length) == 0 && at[length] == '=') {
      *ret_value = at + length + 1;
      *ret_length = word - length - 1;
      return true;
    }
    at += word;
  }
  return false;
}

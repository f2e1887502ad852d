/* SPDX-License-Identifier: MIT */
/* libyaml's events made into nodes; everything that a configuration does not need is refused on the way. */
#include <config.h>

#include <yaml.h>

#include "core/base/auto.h"
#include "core/codec/yaml.h"

#define SIZE_LIMIT ((size_t)1 << 20)
#define DEPTH_LIMIT 16

/* An open sequence or mapping; its node belongs to the tree already. */
struct container {
  struct bs_yaml *node;
  struct bs_yaml *key; /* owned: read, its value not yet */
};

struct reader {
  yaml_parser_t parser;
  const char *file;
  const unsigned char *bytes;
  size_t length;
  struct bs_error *error;
  struct bs_yaml *root;
  struct container open[DEPTH_LIMIT];
  size_t depth;
};

/* NOLINTNEXTLINE(misc-no-recursion): nesting is bounded by DEPTH_LIMIT */
void bs_yaml_free(struct bs_yaml *root) {
  if (root == NULL) return;
  for (size_t i = 0; i < root->count; i++) {
    if (root->keys != NULL) bs_yaml_free(root->keys[i]);
    bs_yaml_free(root->values[i]);
  }
  free(root->keys);
  free(root->values);
  free(root->text);
  free(root);
}

static void free_node(struct bs_yaml **node) {
  bs_yaml_free(*node);
}

static void free_reader(struct reader *reader) {
  for (size_t i = 0; i < reader->depth; i++) bs_yaml_free(reader->open[i].key);
  bs_yaml_free(reader->root);
  yaml_parser_delete(&reader->parser);
}

static bool at_mark(const struct reader *reader, yaml_mark_t mark) {
  return bs_context(reader->error, "%s:%zu:%zu", reader->file, mark.line + 1, mark.column + 1);
}

static bool refuse(const struct reader *reader, yaml_mark_t mark, const char *sentence) {
  bs_fail(reader->error, BS_WORD_config, "%s", sentence);
  return at_mark(reader, mark);
}

/* libyaml's words for the usual slips, and ours. */
static const struct {
  const char *problem;
  const char *sentence;
} slips[] = {
  {"mapping values are not allowed in this context",
   "A ':' is not allowed here; indent the line like its neighbours, or put text that has \": \" in it in quotes"},
  {"block sequence entries are not allowed in this context",
   "An item's '-' is not allowed here; begin a new line for it"},
  {"did not find expected key", "A key was expected here; indent the line like its neighbours"},
  {"did not find expected '-' indicator", "An item's '-' was expected here; indent the line like its neighbours"},
  {"did not find expected node content", "A value was expected here"},
  {"could not find expected ':'", "The ':' of a key is missing before this"},
  {"did not find expected ',' or ']'", "A ',' or ']' was expected here"},
  {"did not find expected ',' or '}'", "A ',' or '}' was expected here"},
  {"found unexpected end of stream", "The file ends before its last text in quotes does"},
  {"found unknown escape character", "There is no such escape; write \\\\ for a backslash in double quotes"},
  {"found character that cannot start any token", "A value cannot begin with this character; put the text in quotes"},
};

static const char *slip_sentence(const char *problem) {
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    if (strcmp(slips[i].problem, problem) == 0) return slips[i].sentence;
  }
  return NULL;
}

/* Is the character with this index (libyaml counts characters, not bytes) a tab? */
static bool is_tab(const struct reader *reader, size_t index) {
  size_t at = 0;
  for (; at < reader->length; at++) {
    bool begins = (reader->bytes[at] & 0xc0) != 0x80;
    if (begins && index-- == 0) break;
  }
  return at < reader->length && reader->bytes[at] == '\t';
}

static bool refuse_syntax(const struct reader *reader) {
  const yaml_parser_t *parser = &reader->parser;
  const char *sentence = slip_sentence(parser->problem);
  if (is_tab(reader, parser->problem_mark.index) || strstr(parser->problem, "tab character") != NULL) {
    sentence = "A tab is not allowed here; indent with spaces";
  }
  char began[64] = ""; /* where the slip itself often is */
  if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line) {
    snprintf(began, sizeof began, ", in what begins in line %zu", parser->context_mark.line + 1);
  }
  if (sentence != NULL) bs_fail(reader->error, BS_WORD_config, "%s%s.", sentence, began);
  else bs_fail(reader->error, BS_WORD_config, "This is not YAML: %s%s.", parser->problem, began);
  return at_mark(reader, parser->problem_mark);
}

/* libyaml gives a byte offset only. */
static bool refuse_character(const struct reader *reader) {
  yaml_mark_t mark = {0};
  for (size_t i = 0; i < reader->parser.problem_offset && i < reader->length; i++) {
    bool begins = (reader->bytes[i] & 0xc0) != 0x80;
    mark.column += begins;
    if (reader->bytes[i] != '\n') continue;
    mark.line++;
    mark.column = 0;
  }
  return refuse(reader, mark, "Only UTF-8 without control characters is read here.");
}

static bool next_event(struct reader *reader, yaml_event_t *event) {
  if (yaml_parser_parse(&reader->parser, event)) return true;
  if (reader->parser.error == YAML_MEMORY_ERROR) return bs_fail_memory(reader->error);
  return reader->parser.error == YAML_READER_ERROR ? refuse_character(reader) : refuse_syntax(reader);
}

static struct bs_yaml *new_node(const struct reader *reader, enum bs_yaml_kind kind, yaml_mark_t mark) {
  struct bs_yaml *node = calloc(1, sizeof *node);
  if (node == NULL) {
    bs_fail_memory(reader->error);
    return NULL;
  }
  node->kind = kind;
  node->line = (unsigned)mark.line + 1;
  node->column = (unsigned)mark.column + 1;
  return node;
}

/* An array of `count` has room for the next power of two. */
static bool grow(struct bs_yaml ***array, size_t count) {
  if ((count & (count - 1)) != 0) return true;
  struct bs_yaml **grown = realloc(*array, (count == 0 ? 1 : 2 * count) * sizeof *grown);
  if (grown == NULL) return false;
  *array = grown;
  return true;
}

static bool check_key(const struct reader *reader, const struct bs_yaml *node, yaml_mark_t mark) {
  if (node->kind != BS_YAML_SCALAR) return refuse(reader, mark, "A key must be plain or quoted text.");
  if (node->plain && node->text[0] == '\0') return refuse(reader, mark, "A key is missing here.");
  if (node->plain && strcmp(node->text, "<<") == 0) return refuse(reader, mark, "Merge keys are not allowed here.");
  return true;
}

/* Takes the node over in any case. */
static bool add_node(struct reader *reader, struct bs_yaml *node, yaml_mark_t mark) {
  struct bs_yaml *owned BS_AUTO(free_node) = node;
  if (reader->depth == 0) {
    reader->root = node;
    owned = NULL;
    return true;
  }
  struct container *container = &reader->open[reader->depth - 1];
  struct bs_yaml *parent = container->node;
  if (parent->kind == BS_YAML_MAPPING && container->key == NULL) {
    if (!check_key(reader, node, mark)) return false;
    container->key = node;
    owned = NULL;
    return true;
  }
  if (!grow(&parent->values, parent->count)) return bs_fail_memory(reader->error);
  if (parent->kind == BS_YAML_MAPPING) {
    if (!grow(&parent->keys, parent->count)) return bs_fail_memory(reader->error);
    parent->keys[parent->count] = container->key;
    container->key = NULL;
  }
  parent->values[parent->count++] = node;
  owned = NULL;
  return true;
}

static bool check_plainness(const struct reader *reader, yaml_mark_t mark, const void *anchor, const void *tag) {
  if (anchor != NULL) return refuse(reader, mark, "Anchors (&name) are not allowed here.");
  if (tag != NULL) return refuse(reader, mark, "Tags (!name) are not allowed here.");
  return true;
}

static bool read_scalar(struct reader *reader, const yaml_event_t *event) {
  const char *text = (const char *)event->data.scalar.value;
  size_t length = event->data.scalar.length;
  if (!check_plainness(reader, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag)) return false;
  if (memchr(text, '\0', length) != NULL) return refuse(reader, event->start_mark, "U+0000 is not allowed in a text.");
  struct bs_yaml *node = new_node(reader, BS_YAML_SCALAR, event->start_mark);
  if (node == NULL) return false;
  node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  node->text = strdup(text);
  if (node->text != NULL) return add_node(reader, node, event->start_mark);
  bs_yaml_free(node);
  return bs_fail_memory(reader->error);
}

static bool open_container(struct reader *reader, const yaml_event_t *event, enum bs_yaml_kind kind) {
  if (reader->depth == DEPTH_LIMIT) return refuse(reader, event->start_mark, "This is nested too deeply.");
  struct bs_yaml *node = new_node(reader, kind, event->start_mark);
  if (node == NULL || !add_node(reader, node, event->start_mark)) return false;
  reader->open[reader->depth++] = (struct container){.node = node};
  return true;
}

static bool open_sequence(struct reader *reader, const yaml_event_t *event) {
  if (!check_plainness(reader, event->start_mark, event->data.sequence_start.anchor, event->data.sequence_start.tag)) {
    return false;
  }
  return open_container(reader, event, BS_YAML_SEQUENCE);
}

static bool open_mapping(struct reader *reader, const yaml_event_t *event) {
  if (!check_plainness(reader, event->start_mark, event->data.mapping_start.anchor, event->data.mapping_start.tag)) {
    return false;
  }
  return open_container(reader, event, BS_YAML_MAPPING);
}

/* By text; equal ones in their order. */
static int compare_keys(const void *left, const void *right) {
  const struct bs_yaml *a = *(struct bs_yaml *const *)left, *b = *(struct bs_yaml *const *)right;
  int order = strcmp(a->text, b->text);
  if (order != 0) return order;
  if (a->line != b->line) return a->line < b->line ? -1 : 1;
  return (a->column > b->column) - (a->column < b->column);
}

static bool check_duplicates(const struct reader *reader, const struct bs_yaml *mapping) {
  if (mapping->count < 2) return true;
  struct bs_yaml **keys BS_AUTO_FREE = malloc(mapping->count * sizeof *keys);
  if (keys == NULL) return bs_fail_memory(reader->error);
  memcpy(keys, mapping->keys, mapping->count * sizeof *keys);
  qsort(keys, mapping->count, sizeof *keys, compare_keys);
  for (size_t i = 1; i < mapping->count; i++) {
    if (strcmp(keys[i - 1]->text, keys[i]->text) != 0) continue;
    return bs_fail(reader->error, BS_WORD_config, "%s:%u:%u: The key \"%s\" stands in line %u already.", reader->file,
                   keys[i]->line, keys[i]->column, keys[i]->text, keys[i - 1]->line);
  }
  return true;
}

static bool close_container(struct reader *reader) {
  const struct bs_yaml *node = reader->open[--reader->depth].node;
  return node->kind != BS_YAML_MAPPING || check_duplicates(reader, node);
}

static bool begin_document(const struct reader *reader, const yaml_event_t *event) {
  bool directives = event->data.document_start.version_directive != NULL ||
                    event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end;
  if (directives) return refuse(reader, event->start_mark, "Directives (%YAML, %TAG) are not allowed here.");
  if (reader->root != NULL) return refuse(reader, event->start_mark, "A second document is not allowed here.");
  return true;
}

static bool read_event(struct reader *reader, const yaml_event_t *event) {
  switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
      return begin_document(reader, event);
    case YAML_ALIAS_EVENT:
      return refuse(reader, event->start_mark, "Aliases (*name) are not allowed here.");
    case YAML_SCALAR_EVENT:
      return read_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
      return open_sequence(reader, event);
    case YAML_MAPPING_START_EVENT:
      return open_mapping(reader, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return close_container(reader);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
      break;
  }
  return true;
}

static bool read_stream(struct reader *reader) {
  bool done = false, ok = true;
  while (ok && !done) {
    yaml_event_t event;
    if (!next_event(reader, &event)) return false;
    done = event.type == YAML_STREAM_END_EVENT;
    ok = read_event(reader, &event);
    yaml_event_delete(&event);
  }
  return ok;
}

/* Nothing but comments, or but "---". */
static bool is_empty(const struct bs_yaml *root) {
  return root == NULL || (root->kind == BS_YAML_SCALAR && root->plain && root->text[0] == '\0');
}

bool bs_yaml_read(struct bs_yaml **ret_root, const void *bytes, size_t length, const char *file,
                  struct bs_error *error) {
  if (length > SIZE_LIMIT) {
    return bs_fail(error, BS_WORD_config, "%s: The file has more than %zu bytes.", file, SIZE_LIMIT);
  }
  bool marked = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0; /* some editors begin a file with it */
  struct reader reader BS_AUTO(free_reader) = {
    .file = file,
    .bytes = length > 0 ? (const unsigned char *)bytes + (marked ? 3 : 0) : (const void *)"",
    .length = marked ? length - 3 : length,
    .error = error,
  };
  if (!yaml_parser_initialize(&reader.parser)) return bs_fail_memory(error);
  yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&reader.parser, reader.bytes, reader.length);
  if (!read_stream(&reader)) return false;
  if (is_empty(reader.root)) {
    bs_yaml_free(reader.root);
    reader.root = new_node(&reader, BS_YAML_MAPPING, (yaml_mark_t){0});
    if (reader.root == NULL) return false;
  }
  *ret_root = reader.root;
  reader.root = NULL;
  return true;
}

const struct bs_yaml *bs_yaml_find(const struct bs_yaml *mapping, const char *key) {
  if (mapping->kind != BS_YAML_MAPPING) return NULL;
  for (size_t i = 0; i < mapping->count; i++) {
    if (strcmp(mapping->keys[i]->text, key) == 0) return mapping->values[i];
  }
  return NULL;
}

bool bs_yaml_is_null(const struct bs_yaml *node) {
  if (node->kind != BS_YAML_SCALAR || !node->plain) return false;
  return node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
}

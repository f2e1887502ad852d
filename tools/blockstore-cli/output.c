/* SPDX-License-Identifier: MIT */
/* What is printed: one document on stdout, on failure the error's and one plain line on stderr. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/blockstore-cli/cli.h"

/* ---- failures ---- */

enum blockstore_result cli_fail(struct cli *cli, enum blockstore_result result, const char *word,
                                const char *format, ...) {
  va_list arguments;

  cli->word = word;
  va_start(arguments, format);
  if (vsnprintf(cli->message, sizeof cli->message, format, arguments) < 0) cli->message[0] = '\0';
  va_end(arguments);
  for (char *at = cli->message; *at != '\0'; at++) /* words of the command line are in it, and it goes to a terminal */
    if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?';
  return result;
}

enum blockstore_result cli_no_memory(struct cli *cli) {
  return cli_fail(cli, BLOCKSTORE_ERROR, "no_memory", "There is not enough memory.");
}

void cli_warn(const char *format, ...) {
  va_list arguments;

  cli_progress_erase();
  fputs("blockstore-cli: warning: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  putc('\n', stderr);
}

/* ---- documents ---- */

enum blockstore_result cli_answer(struct cli *cli, const char *document) {
  cli->text = document == NULL ? NULL : strdup(document);
  return cli->text != NULL ? BLOCKSTORE_DONE : cli_no_memory(cli);
}

/* The quote that ends the string which begins at `at`. */
static const char *string_end(const char *at) {
  for (at++; *at != '"' && *at != '\0'; at++)
    if (*at == '\\' && at[1] != '\0') at++;
  return at;
}

const char *cli_member(const char *document, const char *name) {
  static const char space[] = " \n\r\t";
  const size_t length = strlen(name);
  int depth = 0;

  for (const char *at = document; *at != '\0'; at++) {
    const char *begin = at, *value;

    depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
    if (*at != '"') continue;
    at = string_end(at);
    if (*at == '\0') break;
    value = at + 1 + strspn(at + 1, space);
    if (depth == 1 && *value == ':' && (size_t)(at - begin - 1) == length && strncmp(begin + 1, name, length) == 0)
      return value + 1 + strspn(value + 1, space);
  }
  return NULL;
}

/* The length of the UTF-8 character at `at`, 0: none. */
static size_t character(const unsigned char *at, size_t left) {
  size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

  if (length > left) return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  if (at[0] == 0xe0 && at[1] < 0xa0) return 0; /* a longer form than needed */
  if (at[0] == 0xed && at[1] > 0x9f) return 0; /* a surrogate */
  if (at[0] == 0xf0 && at[1] < 0x90) return 0;
  if (at[0] == 0xf4 && at[1] > 0x8f) return 0; /* beyond U+10FFFF */
  return length;
}

bool cli_is_text(const void *bytes, size_t length) {
  const unsigned char *at = bytes, *end = at + length;

  while (at < end) {
    size_t step = *at == '\0' ? 0 : character(at, (size_t)(end - at));

    if (step == 0) return false;
    at += step;
  }
  return true;
}

static void write_escaped(FILE *file, unsigned char c) {
  static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* the character, then what stands for it */

  for (size_t i = 0; i + 1 < sizeof letters; i += 2)
    if ((unsigned char)letters[i] == c) {
      fprintf(file, "\\%c", letters[i + 1]);
      return;
    }
  fprintf(file, "\\u%04x", c);
}

static void write_string(FILE *file, const unsigned char *bytes, size_t length) {
  putc('"', file);
  for (size_t at = 0; at < length;) {
    size_t step = character(bytes + at, length - at);

    if (step == 0)
      fputs("\xef\xbf\xbd", file);
    else if (bytes[at] < 0x20 || bytes[at] == '"' || bytes[at] == '\\')
      write_escaped(file, bytes[at]);
    else
      fwrite(bytes + at, 1, step, file);
    at += step == 0 ? 1 : step;
  }
  putc('"', file);
}

void cli_object_begin(struct cli_object *object) {
  *object = (struct cli_object){0};
  object->file = open_memstream(&object->text, &object->length);
  if (object->file != NULL) putc('{', object->file);
}

static bool write_name(struct cli_object *object, const char *name) {
  if (object->file == NULL) return false;
  fprintf(object->file, "%s\n    \"%s\": ", object->any ? "," : "", name);
  object->any = true;
  return true;
}

void cli_object_text(struct cli_object *object, const char *name, const void *bytes, size_t length) {
  if (!write_name(object, name)) return;
  if (bytes == NULL)
    fputs("null", object->file);
  else
    write_string(object->file, bytes, length);
}

void cli_object_string(struct cli_object *object, const char *name, const char *string) {
  cli_object_text(object, name, string, string != NULL ? strlen(string) : 0);
}

void cli_object_number(struct cli_object *object, const char *name, uint64_t number) {
  if (write_name(object, name)) fprintf(object->file, "%" PRIu64, number);
}

enum blockstore_result cli_object_end(struct cli_object *object, struct cli *cli) {
  bool written;

  if (object->file == NULL) return cli_no_memory(cli);
  fputs("\n}", object->file);
  written = !ferror(object->file);
  if (fclose(object->file) != 0 || !written || object->text == NULL) { /* glibc's fclose does not tell of the last */
    free(object->text);
    return cli_no_memory(cli);
  }
  cli->text = object->text;
  return BLOCKSTORE_DONE;
}

/* ---- printing ---- */

static void print_failure(struct cli *cli, enum blockstore_result result) {
  const char *document = cli->error != NULL ? blockstore_error_document(cli->error) : NULL;

  fprintf(stderr, "blockstore-cli: %s\n", cli->error != NULL ? blockstore_error_message(cli->error) : cli->message);
  if (cli->given[CLI_RAW] > 0) return; /* stdout is for the data alone */
  if (cli->error == NULL) {
    struct cli_object object;

    cli_object_begin(&object);
    cli_object_string(&object, "code", cli->word);
    cli_object_string(&object, "error", cli->message);
    cli_object_number(&object, "result", (uint64_t)result);
    if (cli_object_end(&object, cli) == BLOCKSTORE_DONE) document = cli->text;
  }
  if (document != NULL) puts(document);
}

int cli_print(struct cli *cli, enum blockstore_result result) {
  cli_progress_erase();
  if (result != BLOCKSTORE_DONE) {
    print_failure(cli, result);
    return result == BLOCKSTORE_CANCELLED && cli_signal() != 0 ? 128 + cli_signal() : (int)result;
  }
  if (cli->json != NULL) puts(cli->json);
  if (cli->text != NULL) puts(cli->text);
  if (cli->verdict == NULL) return 0;
  fprintf(stderr, "blockstore-cli: %s\n", cli->verdict);
  return BLOCKSTORE_ERROR;
}

/* Did the command change anything?  init and keygen are the ones with an answer that need nothing opened. */
static bool has_changed(const struct cli *cli) {
  const struct cli_command *command = cli->command;

  if (command == NULL || (cli->json == NULL && cli->text == NULL) || cli->given[CLI_DRY_RUN] > 0) return false;
  return command->needs == CLI_NOTHING || command->needs == CLI_OWNER || (command->options & CLI_TAKES(CLI_DRY_RUN)) != 0;
}

/* The transaction of a document, its length in *ret_length, 0: there is none. */
static const char *find_txid(const char *document, int *ret_length) {
  const char *txid = document != NULL ? cli_member(document, "txid") : NULL;

  if (txid == NULL || *txid != '"') txid = "\"\""; /* or null */
  *ret_length = (int)(string_end(txid) - txid) - 1;
  return txid + 1;
}

int cli_finish(const struct cli *cli, int status) {
  bool failed = fflush(stdout) != 0 || ferror(stdout);
  const char *txid;
  int length;

  if (fclose(stdout) != 0) failed = true; /* a full disk of a file server shows here */
  if (!failed) return status;
  fprintf(stderr, "blockstore-cli: The standard output cannot be written: %s", strerrordesc_np(errno));
  if (status == 0 && has_changed(cli)) {
    txid = find_txid(cli->json != NULL ? cli->json : cli->text, &length);
    fprintf(stderr, ". The command was done%s%.*s.", length > 0 ? "; its transaction is " : "", length, txid);
  }
  putc('\n', stderr);
  return status != 0 ? status : BLOCKSTORE_ERROR;
}

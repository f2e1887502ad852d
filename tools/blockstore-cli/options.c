/* SPDX-License-Identifier: MIT */
/* The command line, read strictly: no abbreviations, and a mistake is answered with what was probably meant. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "tools/blockstore-cli/cli.h"

const struct cli_option cli_options[CLI_OPTIONS] = {
    [CLI_CONFIG] = {"config", 'c', "FILE", "the config file, instead of the user's"},
    [CLI_KEY] = {"key", 'k', "FILE", "a file with the owner's private key, instead of $BLOCKSTORE_KEY_FILE"},
    [CLI_VERBOSE] = {"verbose", 'v', NULL, "log to stderr; twice: debug lines too"},
    [CLI_QUIET] = {"quiet", 'q', NULL, "no progress bar"},
    [CLI_HELP] = {"help", 'h', NULL, "help on the command, or on all"},
    [CLI_PAYMENT_KEY] = {"payment-key", '\0', "FILE", "a file with the key that pays, instead of the owner's"},
    [CLI_OUTPUT] = {"output", 'o', "FILE", "write the data to FILE, replaced in one step"},
    [CLI_RAW] = {"raw", '\0', NULL, "write the data itself to stdout, and no document"},
    [CLI_DEADLINE] = {"deadline", '\0', "DURATION", "the longest it may take: 500ms, 5s, 2m"},
    [CLI_DRY_RUN] = {"dry-run", '\0', NULL, "build and show the transactions, send nothing"},
    [CLI_PURGE] = {"purge", '\0', NULL, "also delete the bytes from the stores"},
    [CLI_VER] = {"ver", '\0', "VERSION", "the version to write, instead of the next one"},
    [CLI_VER_MIN] = {"ver-min", '\0', "VERSION", "the lowest version that will do"},
    [CLI_VER_MAX] = {"ver-max", '\0', "VERSION", "the highest version that will do"},
    [CLI_Z] = {"z", '\0', "DIGEST", "of two contents that were signed for one version: the one to take"},
    [CLI_EXPIRES] = {"expires", '\0', "SECONDS", "when the version expires, in seconds since 1970"},
    [CLI_NO_CREATE] = {"no-create", '\0', NULL, "fail where there is no route to the data yet"},
    [CLI_REROUTE] = {"reroute", '\0', NULL, "write the route anew, to the stores of the config"},
    [CLI_FORCE] = {"force", '\0', NULL, "allow a version far above the last one known"},
    [CLI_TXID] = {"txid", '\0', "TXID", "the transaction that an earlier, failed try sent"},
    [CLI_LIFETIME] = {"lifetime", '\0', "BLOCKS", "blocks that a name lives, or infinite; 52595 (a year) if not given"},
    [CLI_COEFF] = {"coeff", '\0', "NUMBER", "the coefficient of prices, 0 to 255; 250 if not given"},
    [CLI_BASE] = {"base", '\0', "NUMBER", "the base of prices, 0 to 255; 4 if not given"},
    [CLI_BUCKETS] = {"buckets", '\0', "LIST",
                     "16 exponents, 0 to 15, by length of a name: 6,5,4,3,2,1,0,... if not given"},
    [CLI_NONALPHA_DISCOUNT] = {"nonalpha-discount", '\0', "NUMBER",
                               "what divides prices of names with digits, - or _, 1 to 15; 10 if not given"},
    [CLI_NO_VOWEL_DISCOUNT] = {"no-vowel-discount", '\0', "NUMBER",
                               "what divides prices of names without vowels, 1 to 15; 10 if not given"},
    [CLI_REFUSED] = {"refused", '\0', NULL, "also show the operations that were refused, and why"},
    [CLI_RESUME] = {"resume", '\0', NULL, "go on with them: send again, make anew, register, publish"},
    [CLI_PROVE] = {"prove", '\0', NULL, "prove by the configured pin that the answer is current there, or fail"},
    [CLI_PROVE_BLOCKS] = {"prove-blocks", '\0', "COUNT", "the most blocks that a proof may check"},
    [CLI_TEST] = {"test", '\0', NULL, "a key for a test network"},
    [CLI_ALL] = {"all", '\0', NULL, "all drivers of the plugin path, not only those that the stores use"},
    [CLI_CHECK] = {"check", '\0', NULL, "hold the lock against the drivers that are there, and write nothing"},
    [CLI_VERSION] = {"version", '\0', NULL, "the version"},
};

/* ---- what was probably meant ---- */

#define LONGEST_NAME 40

static char letter(char c) {
  if (c == '-') return '_';
  return c;
}

/* How many letters must be changed, added or dropped to make one of the other. */
static size_t edits(const char *a, const char *b) {
  size_t row[LONGEST_NAME + 1], length = strlen(b);

  if (length > LONGEST_NAME || strlen(a) > LONGEST_NAME) return SIZE_MAX;
  for (size_t j = 0; j <= length; j++) row[j] = j;
  for (size_t i = 1; a[i - 1] != '\0'; i++) {
    size_t diagonal = row[0];

    row[0] = i;
    for (size_t j = 1; j <= length; j++) {
      size_t change = diagonal + (letter(a[i - 1]) != letter(b[j - 1]));
      size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

      diagonal = row[j];
      row[j] = change < other ? change : other;
    }
  }
  return row[length];
}

struct nearest {
  const char *text; /* what was written */
  const char *name; /* the nearest so far, NULL: nothing near enough */
  size_t distance;  /* less than this is nearer */
};

static struct nearest nearest_to(const char *text) {
  size_t length = strlen(text);

  return (struct nearest){text, NULL, length < 2 ? 1 : length / 3 + 2}; /* of one letter nothing would be left */
}

static void nearest_try(struct nearest *nearest, const char *name) {
  size_t distance = edits(nearest->text, name);

  if (distance >= nearest->distance) return;
  nearest->distance = distance;
  nearest->name = name;
}

/* hint: a further sentence, with the space before it; "". */
static bool unknown(struct cli *cli, const char *what, const char *word, const char *dashes, const char *nearest,
                    const char *hint) {
  if (nearest != NULL) return cli_refuse(cli, "There is no %s %s; is %s%s meant?%s", what, word, dashes, nearest, hint);
  return cli_refuse(cli, "There is no %s %s; blockstore-cli --help lists all.%s", what, word, hint);
}

/* ---- options ---- */

static bool unknown_option(struct cli *cli, const char *word) {
  struct nearest nearest = nearest_to(word + strspn(word, "-"));

  for (size_t i = 0; i < CLI_OPTIONS; i++) nearest_try(&nearest, cli_options[i].name);
  return unknown(cli, "option", word, "--", nearest.name, " An argument that begins with - goes behind --, which ends "
                 "the options.");
}

/* Stores an option with the value that is attached to it, or the next word. */
static bool take_option(struct cli *cli, size_t option, const char *attached, char ***next) {
  const struct cli_option *row = &cli_options[option];

  if (row->argument == NULL) {
    if (attached != NULL) return cli_refuse(cli, "The option --%s takes no value.", row->name);
  } else {
    if (attached == NULL && **next != NULL) attached = *(*next)++;
    if (attached == NULL || *attached == '\0')
      return cli_refuse(cli, "The option --%s needs its %s.", row->name, row->argument);
  }
  cli->given[option]++;
  cli->value[option] = attached;
  return true;
}

static bool take_long(struct cli *cli, const char *word, char ***next) {
  size_t length = strcspn(word + 2, "=");

  for (size_t i = 0; i < CLI_OPTIONS; i++) {
    if (strlen(cli_options[i].name) != length || memcmp(cli_options[i].name, word + 2, length) != 0) continue;
    return take_option(cli, i, word[2 + length] == '=' ? word + 2 + length + 1 : NULL, next);
  }
  return unknown_option(cli, word);
}

static bool take_letters(struct cli *cli, const char *word, char ***next) {
  for (const char *at = word + 1; *at != '\0'; at++) {
    size_t i = 0;

    while (i < CLI_OPTIONS && cli_options[i].letter != *at) i++;
    if (i == CLI_OPTIONS) return unknown_option(cli, word);
    if (cli_options[i].argument != NULL) return take_option(cli, i, at[1] != '\0' ? at + 1 : NULL, next);
    if (!take_option(cli, i, NULL, next)) return false;
  }
  return true;
}

/* "500ms", "5s", "2m" to milliseconds; 0: not a duration. */
static uint32_t duration(const char *text) {
  uint64_t number = 0;

  for (; isdigit((unsigned char)*text); text++) {
    number = number * 10 + (uint64_t)(*text - '0');
    if (number > UINT32_MAX) return 0;
  }
  number *= strcmp(text, "ms") == 0 ? 1 : strcmp(text, "s") == 0 ? 1000 : strcmp(text, "m") == 0 ? 60000 : 0;
  return number > UINT32_MAX ? 0 : (uint32_t)number;
}

bool cli_parse(struct cli *cli, int argc, char **argv) {
  char **next = argv + (argc > 0), **kept = next;
  bool only_arguments = false;

  cli->arguments = (const char *const *)next;
  while (*next != NULL) {
    char *word = *next++;

    if (only_arguments || word[0] != '-' || word[1] == '\0') {
      *kept++ = word;
      cli->count++;
    } else if (strcmp(word, "--") == 0) {
      only_arguments = true;
    } else if (!(word[1] == '-' ? take_long(cli, word, &next) : take_letters(cli, word, &next))) {
      return false;
    }
  }
  /* "-o -" is another way to say --raw */
  if (cli->given[CLI_OUTPUT] > 0 && strcmp(cli->value[CLI_OUTPUT], "-") == 0) {
    cli->given[CLI_OUTPUT] = 0;
    cli->given[CLI_RAW]++;
  }
  return true;
}

/* ---- the command ---- */

bool cli_find_command(struct cli *cli) {
  struct nearest nearest;

  if (cli->count == 0) return cli_refuse(cli, "A command is missing; blockstore-cli --help lists them.");
  nearest = nearest_to(cli->arguments[0]);
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) {
      nearest_try(&nearest, row->name);
      if (nearest.distance > 0) continue;
      cli->command = row;
      cli->arguments++;
      cli->count--;
      return true;
    }
  return unknown(cli, "command", cli->arguments[0], "", nearest.name, "");
}

static const struct {
  const char *noun;
  enum cli_kind kind;
  const char *words;
} nouns[] = {
    {"FILE", CLI_IS_FILE, NULL},
    {"DATA", CLI_IS_TEXT, NULL},
    {"MESSAGE", CLI_IS_TEXT, NULL},
    {"RECORD", CLI_IS_CONTENTS, NULL},
    {"HEX", CLI_IS_CONTENTS, NULL},
    {"COMMAND", CLI_IS_COMMAND, NULL},
    {"SHELL", CLI_IS_ONE_OF, CLI_SHELLS},
    {"KEEPDATA", CLI_IS_ONE_OF, "true false"},
    {"BLOCKS", CLI_IS_ONE_OF, "infinite"},
    {"why|lock", CLI_IS_ONE_OF, "why lock"}, /* stand for themselves */
};

bool cli_next_argument(struct cli_argument *ret_argument, const char **at) {
  size_t length = strcspn(*at + strspn(*at, " ["), " ]");

  if (**at == '\0') return false;
  *ret_argument = (struct cli_argument){.is_optional = **at == '['};
  *at += strspn(*at, "[");
  snprintf(ret_argument->noun, sizeof ret_argument->noun, "%.*s", (int)length, *at);
  *at += length;
  *at += strspn(*at, " ]");
  for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
    if (strcmp(nouns[i].noun, ret_argument->noun) == 0) {
      ret_argument->kind = nouns[i].kind;
      ret_argument->words = nouns[i].words;
    }
  return true;
}

/* Is it one of the words, which have blanks between them? */
static bool is_word_of(const char *words, const char *argument) {
  size_t length = strlen(argument);

  for (const char *at = words; at != NULL && *at != '\0'; at += strcspn(at, " "), at += strspn(at, " "))
    if (strcspn(at, " ") == length && memcmp(at, argument, length) == 0) return true;
  return false;
}

/* A noun in lower case is words that stand for themselves, once there are as many arguments as there may be. */
static bool check_arguments(struct cli *cli) {
  const struct cli_command *command = cli->command;
  struct cli_argument argument;
  size_t least = 0, most = 0;
  bool differs = false;

  for (const char *at = command->arguments; cli_next_argument(&argument, &at); most++) {
    least += !argument.is_optional;
    if (most < cli->count && islower((unsigned char)argument.noun[0]))
      differs |= !is_word_of(argument.words, cli->arguments[most]);
  }
  if (cli->count >= least && cli->count <= most && !(differs && cli->count == most)) return true;
  return cli_refuse(cli, "The command has too %s arguments; write: blockstore-cli %s%s%s",
                    cli->count < least ? "few" : "many", command->name, most > 0 ? " " : "", command->arguments);
}

/* What may be @FILE must not be @ alone, which would be a file without a name. */
static bool check_files(struct cli *cli) {
  const char *at = cli->command->arguments;
  struct cli_argument argument;

  for (size_t i = 0; i < cli->count && cli_next_argument(&argument, &at); i++) {
    if (strcmp(cli->arguments[i], "@") != 0) continue;
    if (argument.kind == CLI_IS_TEXT || argument.kind == CLI_IS_CONTENTS)
      return cli_refuse(cli, "%s: An @ means a file, and its name is missing; write @FILE.%s", argument.noun,
                        argument.kind == CLI_IS_TEXT ? " The text @ is written @@." : "");
  }
  return true;
}

bool cli_take_number(struct cli *cli, uint64_t *number, enum cli_option_name option, uint64_t most, const char *limit) {
  const char *text = cli->value[option];
  unsigned long long value;
  char *end;

  if (cli->given[option] == 0) return true;
  errno = 0;
  value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value == 0 || value > most)
    return cli_refuse(cli, "--%s: A number from 1 to %s was expected, not \"%s\".", cli_options[option].name, limit, text);
  *number = value;
  return true;
}

bool cli_check_usage(struct cli *cli) {
  for (size_t i = CLI_COMMON; i < CLI_OPTIONS; i++)
    if (cli->given[i] > 0 && (cli->command->options & CLI_TAKES(i)) == 0)
      return cli_refuse(cli, "The command %s has no option --%s; see: blockstore-cli help %s", cli->command->name,
                        cli_options[i].name, cli->command->name);
  if (!check_arguments(cli) || !check_files(cli)) return false;
  if (cli->given[CLI_RAW] > 0 && cli->given[CLI_OUTPUT] > 0)
    return cli_refuse(cli, "The data can go to a file (--output) or to stdout (--raw), not to both.");
  if (cli->given[CLI_DEADLINE] > 0 && (cli->deadline_ms = duration(cli->value[CLI_DEADLINE])) == 0)
    return cli_refuse(cli, "The deadline '%s' is not a duration such as 500ms, 5s or 2m.", cli->value[CLI_DEADLINE]);
  return true;
}

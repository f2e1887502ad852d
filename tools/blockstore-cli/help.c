/* SPDX-License-Identifier: MIT */
/* Help, made of the tables. */
#include <config.h>

#include <string.h>

#include "tools/blockstore-cli/cli.h"

/* A name, and from the column after `width` on what it is; on the next line where the name is longer. */
static void print_row(const char *name, int width, const char *help) {
  if (strlen(name) <= (size_t)width)
    printf("  %-*s %s\n", width, name, help);
  else
    printf("  %s\n%*s%s\n", name, width + 3, "", help);
}

static void print_option(size_t option) {
  const struct cli_option *row = &cli_options[option];
  const char *argument = row->argument != NULL ? row->argument : "";
  char name[64], letter[] = {'-', row->letter, ',', ' ', '\0'};

  snprintf(name, sizeof name, "%4s--%s%s%s", row->letter != '\0' ? letter : "", row->name, *argument != '\0' ? " " : "",
           argument);
  print_row(name, 26, row->help);
}

static void print_command(const struct cli_command *row) {
  char name[64];

  snprintf(name, sizeof name, "%s %s", row->name, row->arguments);
  print_row(name, 32, row->help);
}

static void print_all(void) {
  printf("Usage: blockstore-cli [-c CONFIG] [-k KEYFILE] [-v] COMMAND ...\n");
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++) {
    printf("\n%s:\n", group->title);
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) print_command(row);
  }
  printf("\nOptions:\n");
  for (size_t i = 0; i < CLI_COMMON; i++) print_option(i);
  print_option(CLI_VERSION);
  printf("\nIn a command's name - is as good as _.  blockstore-cli help COMMAND and the manual page say more.\n");
}

static void print_one(const struct cli_command *command) {
  printf("Usage: blockstore-cli %s%s%s%s\n\n", command->name, command->options != 0 ? " [OPTION ...]" : "",
         command->arguments[0] != '\0' ? " " : "", command->arguments);
  printf("%s: %s.\n%s", command->name, command->help, command->details);
  if (command->needs >= CLI_OWNER) printf("Needs the owner's key (-k).\n");
  if (command->options != 0) printf("\nOptions:\n");
  for (size_t i = CLI_COMMON; i < CLI_OPTIONS; i++)
    if ((command->options & CLI_TAKES(i)) != 0) print_option(i);
}

void cli_help(const struct cli_command *command) {
  if (command == NULL)
    print_all();
  else
    print_one(command);
}

/* SPDX-License-Identifier: MIT */
/* The completion command: which shells there are, and what their scripts share. */
#include <config.h>

#include <string.h>

#include "tools/blockstore-cli/cli.h"

static const struct {
  const char *name; /* those of CLI_SHELLS */
  void (*print)(void);
} shells[] = {{"bash", cli_complete_in_bash}, {"zsh", cli_complete_in_zsh}, {"fish", cli_complete_in_fish}};

enum blockstore_result cli_run_completion(struct cli *cli) {
  const char *shell = cli->arguments[0];

  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
    if (strcmp(shells[i].name, shell) == 0) {
      shells[i].print();
      return BLOCKSTORE_DONE;
    }
  return cli_fail(cli, BLOCKSTORE_USAGE, "usage", "There is no completion for the shell %s; there is one for bash, zsh "
                  "and fish.", shell);
}

void cli_print_escaped(const char *text, const char *marked, const char *quote) {
  for (; *text != '\0'; text++) {
    if (strchr(marked, *text) != NULL) putchar('\\');
    if (*text == '\'') fputs(quote, stdout);
    else putchar(*text);
  }
}

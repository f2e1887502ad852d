/* SPDX-License-Identifier: MIT */
/*
 * A program of one's own that links libblockstore: reads an immutable datum of a name, checks it (the library does) and
 * writes it to standard output.
 *
 *   cc get.c -o get $(pkg-config --cflags --libs blockstore)
 *   ./get alice.id KEY
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <blockstore/blockstore.h>

static enum blockstore_result get(const char *name, const char *key, struct blockstore_error **error) {
  struct blockstore_config *config = NULL;
  struct blockstore *blockstore = NULL;
  struct blockstore_output *output = NULL;
  enum blockstore_result result;

  result = blockstore_get_config(&config, NULL, error); /* the user's own configuration */
  if (result == BLOCKSTORE_DONE) result = blockstore_session(config, &blockstore, NULL, 0, error);
  if (result == BLOCKSTORE_DONE) {
    output = blockstore_output_to_fd(STDOUT_FILENO);
    result = blockstore_get_immutable(blockstore, output, NULL, name, key, NULL, error);
  }
  blockstore_output_free(output);
  blockstore_close(blockstore);
  blockstore_config_free(config);
  return result;
}

int main(int argc, char **argv) {
  struct blockstore_error *error = NULL;
  enum blockstore_result result;

  if (argc == 2 && strcmp(argv[1], "--version") == 0) return puts(blockstore_version()) < 0;
  if (argc != 3) {
    fprintf(stderr, "usage: get NAME KEY\n");
    return BLOCKSTORE_USAGE;
  }
  result = get(argv[1], argv[2], &error);
  if (error != NULL) fprintf(stderr, "get: %s\n", blockstore_error_message(error));
  blockstore_error_free(error);
  return (int)result;
}

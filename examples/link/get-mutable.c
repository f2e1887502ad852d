/* SPDX-License-Identifier: MIT */
/*
 * A program of one's own that links libblockstore: reads the newest version of a mutable datum of a name, never one below a
 * version that this user has seen before, and writes it to standard output and what there is to say of it to standard error.
 *
 *   cc get-mutable.c -o get-mutable $(pkg-config --cflags --libs blockstore)
 *   ./get-mutable alice.id status
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <blockstore/blockstore.h>

static void tell(const struct blockstore_record *record) {
  fprintf(stderr, "get-mutable: version %" PRIu64 " of %s, from the store %s\n", blockstore_record_ver(record),
          blockstore_record_id(record), blockstore_record_store(record));
  if (blockstore_record_first_seen(record)) fprintf(stderr, "get-mutable: seen for the first time: there may be a newer one\n");
  if (strcmp(blockstore_record_conflicts(record), "[]") != 0)
    fprintf(stderr, "get-mutable: other content was signed for it too: %s\n", blockstore_record_conflicts(record));
}

static enum blockstore_result get(const char *name, const char *id, struct blockstore_error **error) {
  struct blockstore_config *config = NULL;
  struct blockstore *blockstore = NULL;
  struct blockstore_output *output = NULL;
  struct blockstore_record *record = NULL;
  enum blockstore_result result;

  result = blockstore_get_config(&config, NULL, error); /* the user's own configuration */
  if (result == BLOCKSTORE_DONE) result = blockstore_session(config, &blockstore, NULL, 0, error);
  if (result == BLOCKSTORE_DONE) {
    output = blockstore_output_to_fd(STDOUT_FILENO);
    result = blockstore_get_mutable(blockstore, output, &record, name, id, NULL, error);
  }
  if (result == BLOCKSTORE_DONE) tell(record);
  blockstore_record_free(record);
  blockstore_output_free(output);
  blockstore_close(blockstore);
  blockstore_config_free(config);
  return result;
}

int main(int argc, char **argv) {
  struct blockstore_error *error = NULL;
  enum blockstore_result result;

  if (argc != 3) {
    fprintf(stderr, "usage: get-mutable NAME ID\n");
    return BLOCKSTORE_USAGE;
  }
  result = get(argv[1], argv[2], &error);
  if (error != NULL) fprintf(stderr, "get-mutable: %s\n", blockstore_error_message(error));
  blockstore_error_free(error);
  return (int)result;
}

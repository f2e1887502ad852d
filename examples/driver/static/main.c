/* SPDX-License-Identifier: MIT */
/*
 * A program that brings its driver with it: puts a text under a name, and
 * gets it back.  The configuration's stores say `driver: sqlite`; no file
 * of a driver is looked for.
 *
 *   ./static blockstore.yaml alice.id alice.key 'hello, world'
 */
#include <stdio.h>
#include <string.h>

#include <blockstore/blockstore.h>

/* What BLOCKSTORE_REGISTER_DRIVER(sqlite, ...) defines in sqlite.c. */
const struct blockstore_registration *sqlite_LTX_blockstore_driver(void);

/* ret_key: 64 digits and a NUL, the SHA-256 of the text. */
static enum blockstore_result put(struct blockstore *blockstore, char ret_key[65], const char *name, const char *text,
                                  const struct blockstore_key *owner, struct blockstore_error **error) {
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  struct blockstore_receipt *receipt = NULL;
  enum blockstore_result result = blockstore_put_immutable(blockstore, &receipt, name, input, owner, NULL, error);

  if (result == BLOCKSTORE_DONE) memcpy(ret_key, blockstore_receipt_key(receipt), 65);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return result;
}

static enum blockstore_result get(struct blockstore *blockstore, const char *name, const char *key,
                                  struct blockstore_error **error) {
  struct blockstore_output *output = blockstore_output_to_memory(1 << 20);
  enum blockstore_result result = blockstore_get_immutable(blockstore, output, NULL, name, key, NULL, error);
  size_t length;

  if (result == BLOCKSTORE_DONE) printf("%s\n%s\n", key, (const char *)blockstore_output_bytes(output, &length));
  blockstore_output_free(output);
  return result;
}

static enum blockstore_result run(char **arguments, struct blockstore_error **error) {
  struct blockstore_config *config = NULL;
  struct blockstore *blockstore = NULL;
  struct blockstore_key *owner = NULL;
  enum blockstore_result result = blockstore_add_driver(sqlite_LTX_blockstore_driver(), error);
  char key[65];

  if (result == BLOCKSTORE_DONE) result = blockstore_get_config(&config, arguments[0], error);
  if (result == BLOCKSTORE_DONE) result = blockstore_session(config, &blockstore, NULL, 0, error);
  if (result == BLOCKSTORE_DONE) result = blockstore_key_from_file(&owner, arguments[2], error);
  if (result == BLOCKSTORE_DONE) result = put(blockstore, key, arguments[1], arguments[3], owner, error);
  if (result == BLOCKSTORE_DONE) result = get(blockstore, arguments[1], key, error);
  blockstore_key_free(owner);
  blockstore_close(blockstore);
  blockstore_config_free(config);
  return result;
}

int main(int argc, char **argv) {
  struct blockstore_error *error = NULL;
  enum blockstore_result result;

  if (argc != 5) {
    fprintf(stderr, "usage: static CONFIG NAME KEYFILE TEXT\n");
    return BLOCKSTORE_USAGE;
  }
  result = run(argv + 1, &error);
  if (error != NULL) fprintf(stderr, "static: %s\n", blockstore_error_message(error));
  blockstore_error_free(error);
  return (int)result;
}

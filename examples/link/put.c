/* SPDX-License-Identifier: MIT */
/*
 * A program of one's own that links libblockstore: puts a text under a
 * name, and gets it back by the key that the put gave it.
 *
 *   cc put.c -o put $(pkg-config --cflags --libs blockstore)
 *   ./put alice.id alice.key 'hello, world'
 */
#include <stdio.h>
#include <string.h>

#include <blockstore/blockstore.h>

/* What went wrong, at which store, and what happened all the same. */
static void complain(const struct blockstore_error *error) {
  const char *txid = blockstore_error_txid(error);

  fprintf(stderr, "put: %s (%s)\n", blockstore_error_message(error),
          blockstore_error_word(error));
  for (size_t i = 0; i < blockstore_error_stores(error); i++) {
    const char *reason;
    const char *store = blockstore_error_store(error, i, &reason);

    fprintf(stderr, "put: %s: %s\n", store,
            reason == NULL ? "it did its part" : reason);
  }
  if (txid != NULL) fprintf(stderr, "put: transaction %s went out\n", txid);
}

/* ret_key: 64 digits and a NUL, the SHA-256 of the text. */
static enum blockstore_result put(struct blockstore *blockstore,
                                  char ret_key[65], const char *name,
                                  const char *text,
                                  const struct blockstore_key *owner,
                                  struct blockstore_error **error) {
  struct blockstore_put_immutable_options options =
      BLOCKSTORE_PUT_IMMUTABLE_INIT;
  struct blockstore_input *input =
      blockstore_input_from_memory(text, strlen(text));
  struct blockstore_receipt *receipt = NULL;
  enum blockstore_result result;

  options.deadline_ms = 30000;
  result = blockstore_put_immutable(blockstore, &receipt, name, input,
                                    owner, &options, error);
  if (result == BLOCKSTORE_DONE)
    memcpy(ret_key, blockstore_receipt_key(receipt), 65);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return result;
}

static enum blockstore_result get(struct blockstore *blockstore,
                                  const char *name, const char *key,
                                  struct blockstore_error **error) {
  struct blockstore_output *output = blockstore_output_to_memory(1 << 20);
  struct blockstore_record *record = NULL;
  enum blockstore_result result = blockstore_get_immutable(
      blockstore, output, &record, name, key, NULL, error);

  if (result == BLOCKSTORE_DONE) {
    size_t length;
    const void *bytes = blockstore_output_bytes(output, &length);

    printf("%s, from the store %s:\n", key,
           blockstore_record_store(record));
    fwrite(bytes, 1, length, stdout);
    putchar('\n');
  }
  blockstore_record_free(record);
  blockstore_output_free(output);
  return result;
}

static enum blockstore_result run(const char *name, const char *key_file,
                                  const char *text,
                                  struct blockstore_error **error) {
  struct blockstore_config *config = NULL;
  struct blockstore *blockstore = NULL;
  struct blockstore_key *owner = NULL;
  enum blockstore_result result;
  char key[65];

  result = blockstore_key_from_file(&owner, key_file, error);
  if (result == BLOCKSTORE_DONE)
    result = blockstore_get_config(&config, NULL, error); /* the user's */
  if (result == BLOCKSTORE_DONE)
    result = blockstore_session(config, &blockstore, NULL, 0, error);
  if (result == BLOCKSTORE_DONE)
    result = put(blockstore, key, name, text, owner, error);
  if (result == BLOCKSTORE_DONE)
    result = get(blockstore, name, key, error);
  blockstore_close(blockstore);
  blockstore_config_free(config);
  blockstore_key_free(owner);
  return result;
}

int main(int argc, char **argv) {
  struct blockstore_error *error = NULL;
  enum blockstore_result result;

  if (argc != 4) {
    fprintf(stderr, "usage: put NAME KEYFILE TEXT\n");
    return BLOCKSTORE_USAGE;
  }
  result = run(argv[1], argv[2], argv[3], &error);
  if (error != NULL) complain(error);
  blockstore_error_free(error);
  return (int)result;
}

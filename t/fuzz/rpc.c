/* SPDX-License-Identifier: MIT */
/*
 * What a peer of blockstored may send.  The first byte chooses: one of the methods, whose parameters are what follows; or a
 * stream of frames.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/codec/netstring.h"
#include "core/crypto/key.h"
#include "t/fuzz/targets.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/service.h"

static char directory[40], ledger[64], source[] = "local", everybody[] = "all";
static struct bsd_service service;
static struct bsd_settings settings = {.source = source,
                                       .ledger = ledger,
                                       .confirmations = 6,
                                       .frame = 8192,
                                       .cache = 1 << 20,
                                       .unspents = everybody,
                                       .search_ms = 60000};

static void clean(void) {
  static const char *const endings[] = {"", "-wal", "-shm"};

  bsd_service_close(&service);
  for (size_t i = 0; i < 3; i++) {
    char path[80];

    snprintf(path, sizeof path, "%s%s", ledger, endings[i]);
    unlink(path);
  }
  rmdir(directory);
}

/* A ledger with the name alice.id, once for all inputs. */
static void prepare(void) {
  const struct bs_names_config config = {.provider = "embedded", .ledger = ledger, .create = true};
  struct bs_name_operation operation = {.dry_run = false};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};
  struct bs_names *names;
  struct bs_key *key;

  if (directory[0] != '\0') return;
  snprintf(directory, sizeof directory, "/tmp/blockstore-rpc-XXXXXX");
  PROMISED(mkdtemp(directory) != NULL);
  snprintf(ledger, sizeof ledger, "%s/ledger", directory);
  bsd_journal_open(BS_LOG_ERROR, false);
  PROMISED(bs_key_generate(&key, &error) && bs_names_open(&names, &config, &error));
  operation.owner_key = key;
  PROMISED(bs_names_register(names, NULL, &receipt, "alice.id", NULL, &operation, &error));
  bs_names_close(names);
  bs_key_free(key);
  PROMISED(bsd_service_open(&service, &settings, &error));
  atexit(clean);
}

/* A reply is one JSON text, an array or a fault, whatever was asked; and the same when the chain has not changed. */
static void answer(const void *bytes, size_t length) {
  static const struct bs_json_limits limits = {BSD_REPLY_MAX, BS_JSON_DEPTH_MAX};
  struct bs_buffer reply BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bsd_frame frame;
  struct bs_json root;

  bsd_service_hold(&service);
  bsd_frame_read(&frame, &service, true, bytes, length);
  PROMISED(frame.requests >= 1 && frame.requests <= BSD_BATCH_MAX && frame.lane < BSD_LANES);
  bsd_frame_answer(&frame, &service, &reply);
  bsd_service_release(&service);
  PROMISED(!reply.failed && reply.length > 0);
  PROMISED(bs_json_scan(&root, reply.bytes, reply.length, &limits, &error));
  PROMISED(bs_json_type(root) == BS_JSON_ARRAY || bs_json_type(root) == BS_JSON_OBJECT);
}

static void answer_stream(const uint8_t *bytes, size_t length) {
  struct bs_netstring frame;

  while (bs_netstring_decode(&frame, bytes, length, BSD_FRAME_MAX) == BS_NETSTRING_WHOLE) {
    answer(frame.payload, frame.length);
    bytes += frame.total;
    length -= frame.total;
  }
}

void bs_fuzz_rpc(const uint8_t *bytes, size_t length) {
  struct bs_buffer request BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t number = length == 0 ? 0 : (size_t)(bytes[0] - ' ');

  if (length == 0 || length > BSD_FRAME_MAX / 2) return;
  prepare();
  if (number >= bsd_method_count) {
    answer_stream(bytes + 1, length - 1);
    answer(bytes + 1, length - 1);
    return;
  }
  bs_buffer_format(&request, "{\"method\":\"%s\",\"params\":", bsd_methods[number].name);
  bs_buffer_add(&request, bytes + 1, length - 1);
  bs_buffer_byte(&request, '}');
  if (request.failed) return;
  answer(request.bytes, request.length);
  answer(request.bytes, request.length);
}

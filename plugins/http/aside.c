/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/aside.h"

#include <string.h>
#include <time.h>

static uint64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The public struct is the first member of ours. */
static uint32_t aside_time_left(struct blockstore_call *call) {
  const struct bs_aside *aside = (const struct bs_aside *)call;
  uint64_t now = now_ms();

  return now >= aside->end_ms ? 0 : (uint32_t)(aside->end_ms - now);
}

static int aside_cancel_fd(struct blockstore_call *call) {
  (void)call;
  return -1;
}

static void aside_set_error(struct blockstore_call *call, const char *sentence) {
  (void)call, (void)sentence;
}

static void aside_retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  (void)call, (void)milliseconds;
}

void bs_aside_begin(struct bs_aside *aside, const struct blockstore_call *call, uint32_t milliseconds) {
  const struct blockstore_host *host = call->host;

  aside->host = (struct blockstore_host){.magic = host->magic,
                                         .abi_major = host->abi_major,
                                         .abi_minor = host->abi_minor,
                                         .struct_size = sizeof aside->host,
                                         .log = host->log,
                                         .set_error = aside_set_error,
                                         .retry_after = aside_retry_after,
                                         .time_left = aside_time_left,
                                         .cancel_fd = aside_cancel_fd,
                                         .setting = host->setting,
                                         .setting_number = host->setting_number,
                                         .interface = host->interface};
  aside->call = (struct blockstore_call){.struct_size = sizeof aside->call, .host = &aside->host, .store = call->store};
  aside->end_ms = now_ms() + milliseconds;
}

static const char *veiled_text(const struct blockstore_settings *settings, const char *key, size_t index) {
  const struct bs_aside_settings *veiled = (const void *)settings;

  if (strcmp(key, "client_certificate") == 0 || strcmp(key, "client_key") == 0) return NULL;
  return veiled->host->setting(veiled->settings, key, index);
}

static int64_t veiled_number(const struct blockstore_settings *settings, const char *key) {
  const struct bs_aside_settings *veiled = (const void *)settings;

  return veiled->host->setting_number(veiled->settings, key);
}

const struct blockstore_settings *bs_aside_veil(struct bs_aside_settings *veiled, struct bs_aside *aside,
                                                const struct blockstore_call *call, const struct blockstore_settings *settings) {
  *veiled = (struct bs_aside_settings){settings, call->host};
  aside->host.setting = veiled_text;
  aside->host.setting_number = veiled_number;
  return (const void *)veiled; /* opaque to all but the two */
}

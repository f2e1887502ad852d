/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/syndicate/respite.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define LEAST 250
#define MOST 5000

static uint64_t respite_now(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The call is the first member of the respite. */
static uint32_t respite_time_left(struct blockstore_call *call) {
  const struct bs_syndicate_respite *respite = (const struct bs_syndicate_respite *)call;
  uint64_t now = respite_now();

  return now < respite->end ? (uint32_t)(respite->end - now) : 0;
}

static int respite_cancel_fd(struct blockstore_call *call) {
  return ((const struct bs_syndicate_respite *)call)->fd;
}

static void respite_set_error(struct blockstore_call *call, const char *sentence) {
  (void)call;
  (void)sentence;
}

static void respite_retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  (void)call;
  (void)milliseconds;
}

void bs_syndicate_respite_begin(struct bs_syndicate_respite *ret_respite, struct blockstore_call *call) {
  uint32_t left = call->host->time_left(call), time = left < LEAST ? LEAST : left > MOST ? MOST : left;
  struct itimerspec timer = {.it_value = {.tv_sec = time / 1000, .tv_nsec = (long)(time % 1000) * 1000000}};

  *ret_respite = (struct bs_syndicate_respite){
      .call = {.struct_size = sizeof ret_respite->call, .store = call->store},
      .host = {.magic = call->host->magic,
               .abi_major = call->host->abi_major,
               .abi_minor = call->host->abi_minor,
               .struct_size = sizeof ret_respite->host,
               .log = call->host->log,
               .set_error = respite_set_error,
               .retry_after = respite_retry_after,
               .time_left = respite_time_left,
               .cancel_fd = respite_cancel_fd,
               .setting = call->host->setting,
               .setting_number = call->host->setting_number,
               .interface = call->host->interface},
      .end = respite_now() + time,
      .fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)};
  ret_respite->call.host = &ret_respite->host;
  if (ret_respite->fd >= 0 && timerfd_settime(ret_respite->fd, 0, &timer, NULL) < 0) bs_syndicate_respite_end(ret_respite);
}

void bs_syndicate_respite_end(struct bs_syndicate_respite *respite) {
  if (respite->fd >= 0) close(respite->fd);
  respite->fd = -1;
}

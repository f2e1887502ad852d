/* SPDX-License-Identifier: MIT */
/* Requests, one after the other, each a call into the driver. */
#ifndef BS_DRIVER_HOST_SERVE_H
#define BS_DRIVER_HOST_SERVE_H

#include "tools/driver-host/channel.h"
#include "tools/driver-host/subject.h"
#include "tools/driver-host/watcher.h"
#include "tools/driver-host/wear.h"

struct host {
  struct channel channel;
  struct watcher watcher;
  struct subject subject;
  struct wear wear;
  struct bs_scopes scopes;
  bool is_sandboxed;
  bool has_opened; /* or tried to */
};

/* Until the channel is over (host->channel.why), or storage_close.  The subject is closed then. */
void serve(struct host *host);

#endif

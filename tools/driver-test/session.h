/* SPDX-License-Identifier: MIT */
/* A store that is opened, asked everything, also what fails, and closed.  What it leaves and says is the caller's to judge. */
#ifndef BS_DRIVER_TEST_SESSION_H
#define BS_DRIVER_TEST_SESSION_H

#include "tools/driver-test/object.h"

struct session {
  struct trial *trial;
  /* From within the driver's reads and writes.  May be NULL, as may the next. */
  void (*inside)(struct session *session);
  /* After each call.  own: neither source nor sink had failed, the answer is the driver's. */
  void (*answered)(struct session *session, const char *entry, const struct call *call, enum blockstore_status status, bool own);
  void *user;
};
void session_run(struct session *session);

#endif

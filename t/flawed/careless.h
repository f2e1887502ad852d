/* SPDX-License-Identifier: MIT */
/* A put that numbers its temporary files with a counter that no lock guards. */
#ifndef BS_T_FLAWED_CARELESS_H
#define BS_T_FLAWED_CARELESS_H

#include "t/flawed/good.h"

enum blockstore_status careless_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                              const struct blockstore_source *data, const char *txid);

#endif

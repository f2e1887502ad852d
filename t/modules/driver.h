/* SPDX-License-Identifier: MIT */
/* What every test module needs: a table that does nothing, and a way to register it wrongly. */
#ifndef BS_T_MODULES_DRIVER_H
#define BS_T_MODULES_DRIVER_H

#include <blockstore/driver.h>

static enum blockstore_status module_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings,
                                          const struct blockstore_next *next) {
  (void)call, (void)settings, (void)next;
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

static void module_close(void *self, struct blockstore_call *call) {
  (void)self, (void)call;
}

__attribute__((unused)) static const struct blockstore_driver module_table = {.storage_init = module_init,
                                                                              .storage_close = module_close};

/*
 * An entry function `symbol` that hands out the registration of `genuine` after `change`, a statement about `altered`.
 * Before it stands "#define NAME_LTX_blockstore_driver genuine", the driver's registration, and the #undef.
 */
#define ALTERED_ENTRY(symbol, change)                                   \
  BLOCKSTORE_ENTRY_ const struct blockstore_registration *symbol(void); \
  const struct blockstore_registration *symbol(void) {                  \
    static struct blockstore_registration altered;                      \
    altered = *genuine();                                               \
    change;                                                             \
    return &altered;                                                    \
  }

#endif

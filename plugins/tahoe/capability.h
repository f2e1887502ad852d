/* SPDX-License-Identifier: MIT */
/*
 * Capabilities of Tahoe-LAFS directories, as texts.  Who has the one that writes can change the directory, and all
 * below it; the one that reads is computed from it:
 *
 *   URI:DIR2:KEY:FINGERPRINT     URI:DIR2-RO:KEY:FINGERPRINT        KEY: 26 letters, FINGERPRINT: 52
 *   URI:DIR2-MDMF:...            URI:DIR2-MDMF-RO:...
 */
#ifndef BS_PLUGINS_TAHOE_CAPABILITY_H
#define BS_PLUGINS_TAHOE_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>

struct bs_tahoe_capability {
  char text[sizeof "URI:DIR2-MDMF-RO::" + 26 + 52];
};

/*
 * Takes the first `length` bytes of a text, if they are a directory's capability.
 * Returns: false when they are none; *ret_writes says whether it is one that writes
 */
bool bs_tahoe_take(struct bs_tahoe_capability *ret_capability, bool *ret_writes, const char *text, size_t length);

/* The one that reads the same directory; a copy when it does no more. */
void bs_tahoe_read_only(struct bs_tahoe_capability *ret_reading, const struct bs_tahoe_capability *capability);

#endif

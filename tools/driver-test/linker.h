/* SPDX-License-Identifier: MIT */
/*
 * What the dynamic linker makes of a driver.  It is asked, rather than the file read again: it is the one that will
 * load it, and knows where libraries are.
 */
#ifndef BS_DRIVER_TEST_LINKER_H
#define BS_DRIVER_TEST_LINKER_H

#include "core/base/buffer.h"
#include "tools/driver-test/trial.h"

/*
 * Has it look for what the driver needs, in a process that runs nothing of the driver and has nothing of ours: names,
 * comma-separated, of symbols that neither the driver nor a library it is linked with defines, but for a sanitizer's,
 * which this program may have; and of libraries that are not found.  Either may be NULL.
 */
void must_trace(struct trial *trial, struct bs_buffer *ret_undefined, struct bs_buffer *ret_missing);

/* dlopen of the driver, with all it uses bound.  Never closed. */
void *must_load(struct trial *trial);

/* Does a loaded driver export `entry`?  ret_others: the names of what else it exports. */
bool must_list_exports(struct trial *trial, void *handle, const char *entry, struct bs_buffer *ret_others);

#endif

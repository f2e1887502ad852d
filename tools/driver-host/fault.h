/* SPDX-License-Identifier: MIT */
#ifndef BS_DRIVER_HOST_FAULT_H
#define BS_DRIVER_HOST_FAULT_H

/* From now on a fault of the process says on standard error where in the driver it was, before the process ends by it. */
void fault_watch(void);

#endif

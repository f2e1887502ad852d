/* SPDX-License-Identifier: MIT */
/* What the files of the preloaded library share; t/lib/faults.c says what it is for. */
#ifndef BS_T_FAULTS_H
#define BS_T_FAULTS_H

#include <stdbool.h>

#define EXPORT __attribute__((visibility("default")))

enum fault_kind { FAULT_CHANGES, FAULT_WRITES, FAULT_READS, FAULT_DESCRIPTORS, FAULT_ALLOCATIONS, FAULT_KINDS };

/* Counts a call.  True: it is to fail, errno is set. */
bool fault(enum fault_kind kind);

#endif

/* SPDX-License-Identifier: MIT */
/* What a process has: threads, descriptors, children. */
#ifndef BS_DRIVER_TEST_TASKS_H
#define BS_DRIVER_TEST_TASKS_H

#include "tools/driver-test/trial.h"

#define LIST_MOST 4096
struct list {
  uint64_t numbers[LIST_MOST];
  size_t count;
};
bool list_has(const struct list *list, uint64_t number);

/* Thread ids, and descriptors but the one that lists them; the behaviour is skipped without /proc. */
void list_threads(struct list *ret_list, struct trial *trial);
void list_descriptors(struct list *ret_list, struct trial *trial);

/* The signals that a thread blocks, bit 0 being signal 1; all when it has ended meanwhile. */
uint64_t thread_blocked(uint64_t thread);

enum children { CHILDREN_NONE, CHILDREN_ALIVE, CHILDREN_DEAD };
/* Has this process children?  DEAD: one that nobody waits for. */
enum children children_left(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The processes of one store: one for each call at a time, kept for the next, and no more than the program may have. */
#ifndef BS_EXEC_POOL_H
#define BS_EXEC_POOL_H

#include "plugins/exec/exchange.h"

struct bs_exec_pool;

/* `program` stays where it is until the pool is closed. */
enum blockstore_status bs_exec_pool_open(struct bs_exec_pool **ret_pool, struct blockstore_call *call,
                                         const struct bs_exec_program *program);
/* Ends all processes, for which it takes up to two seconds.  None is out. */
void bs_exec_pool_close(struct bs_exec_pool *pool);

/* Gives out one that waits for a request, or a new one that has had its storage_init; where there may be no more, the first that
 * comes back, to who has waited longest.  Any thread. */
enum blockstore_status bs_exec_pool_take(struct bs_exec_process **ret_process, struct bs_exec_pool *pool,
                                         struct blockstore_call *call);
/* Takes it back; kills it unless it waits. */
void bs_exec_pool_give(struct bs_exec_pool *pool, struct bs_exec_process *process, enum bs_exec_end end);

#endif

/* SPDX-License-Identifier: MIT */
/* Writing the routes of a user record; for user-write.c. */
#ifndef BS_RECORD_ROUTE_WRITE_H
#define BS_RECORD_ROUTE_WRITE_H

#include "core/record/route.h"
#include "core/record/splice.h"

/* A route in canonical form.  Here and below, memory: the caller asks splice->out and splice->members. */
void bs_route_write(struct bs_splice *splice, struct bs_json route);
/* Word: usage. */
bool bs_route_change_check(const struct bs_route_change *change, struct bs_error *error);
/* What a route (NULL: none) becomes when it is set or deleted.  Word: usage, when no version is left for it. */
bool bs_route_write_changed(struct bs_splice *splice, const struct bs_route *old, const struct bs_route_change *change,
                            struct bs_error *error);

#endif

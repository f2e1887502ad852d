/* SPDX-License-Identifier: MIT */
/* What the files of the room share. */
#ifndef BS_NAMES_NAMES_PRIVATE_H
#define BS_NAMES_NAMES_PRIVATE_H

#include <pthread.h>

#include "core/names/provider.h"

/* One call on the provider, between enter and leave; zeroed: not entered. */
struct bs_names_call {
  struct bs_names *names;
  bool exists; /* is there a chain? */
};
bool bs_names_enter(struct bs_names_call *call, struct bs_names *names, const struct bs_scope *scope, bool write,
                    struct bs_error *error);
void bs_names_leave(struct bs_names_call *call);

/* What the provider says of a name, all of it as of one moment; it is well-formed. */
struct bs_names_answer {
  bool found; /* false: what follows is zero */
  struct bs_name_entry entry;
  bool name_space_found;
  struct bs_namespace_entry name_space;
  struct bs_name_record record;
};
bool bs_names_answer(const struct bs_names_call *call, const struct bs_scope *scope, struct bs_names_answer *ret_answer,
                     const char *name, struct bs_error *error);

/* Words: usage. */
bool bs_names_check_namespace(const char *id, struct bs_error *error);
bool bs_names_fail_address(const char *text, struct bs_error *error);
bool bs_names_fail_unknown(const struct bs_names *names, const char *name, struct bs_error *error);
/* Copies the texts of a list for its caller. */
bool bs_names_give_list(char **ret_texts, struct bs_buffer *texts, struct bs_error *error);

/* The call that failed may be made again: see was_misled of struct bs_provider. */
bool bs_names_may_repeat(struct bs_names *names);

#endif

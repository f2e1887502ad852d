/* SPDX-License-Identifier: MIT */
/* The rules by which a file or a directory is no driver's, each with the word that tells it: the only list of them. */
#ifndef BS_DRIVER_RULE_H
#define BS_DRIVER_RULE_H

#include "core/base/error.h"

#define BS_RULES(X) \
  X(unreadable)   /* the system does not let it be looked at; also what no other rule refused */ \
  X(missing)      \
  X(kind)         /* no regular file, or no directory */ \
  X(link)         /* a symbolic link */ \
  X(owner)        \
  X(writable)     \
  X(name)         /* no driver can be called so */ \
  X(not_elf)      \
  X(machine)      /* another one's */ \
  X(not_shared)   /* an ELF file, and no shared object */ \
  X(truncated)    \
  X(damaged)      \
  X(no_note)      \
  X(metadata)     \
  X(other_name)   /* the driver in it is called otherwise than the file */ \
  X(abi)          \
  X(library)      /* it needs one that is not there, or else the dynamic linker does not load it */ \
  X(bytes)        /* its SHA-256 is not the one that is asked for */ \
  X(lock)         /* the lock of drivers does not list it, or is none */

enum bs_rule {
#define BS_RULE_ENUM_(rule) BS_RULE_##rule,
  BS_RULES(BS_RULE_ENUM_)
#undef BS_RULE_ENUM_
};

/* Says which rule it was that failed; false. */
static inline bool bs_by_rule(struct bs_error *error, enum bs_rule rule) {
  error->rule = rule;
  return false;
}

/* bs_fail with the word `driver`, by one of the rules. */
#define bs_refuse(error, rule, ...) (bs_fail((error), BS_WORD_driver, __VA_ARGS__), bs_by_rule((error), BS_RULE_##rule))

/* The rule that refused, as a word, static. */
const char *bs_rule_text(enum bs_rule rule);

#endif

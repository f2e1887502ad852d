/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/rule.h"

const char *bs_rule_text(enum bs_rule rule) {
  static const char *const texts[] = {
#define RULE_ROW(rule) [BS_RULE_##rule] = #rule,
      BS_RULES(RULE_ROW)
#undef RULE_ROW
  };

  return texts[rule];
}

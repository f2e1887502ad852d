/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/inside.h"

#include "core/driver/module.h"

/* In the thread's static block, so that a signal handler's first look at it allocates nothing: one pointer, for which the
 * dynamic linker keeps room even when the library is loaded late (dlopen). */
static _Thread_local const struct bs_inside *volatile here __attribute__((tls_model("initial-exec")));

void bs_inside_enter(struct bs_inside *inside) {
  inside->outer = here;
  here = inside;
}

void bs_inside_leave(const struct bs_inside *inside) {
  here = inside->outer;
}

struct line {
  char *at;
  size_t left; /* with the NUL */
};

static void add(struct line *line, const char *text) {
  for (; *text != '\0' && line->left > 1; text++, line->left--)
    *line->at++ = (char)((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
  *line->at = '\0';
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written through line */
bool bs_inside_tell(char *buffer, size_t size) {
  const struct bs_inside *inside = here;
  struct line line = {buffer, size};
  const char *file;

  if (inside == NULL || size == 0) return false;
  file = inside->file != NULL ? inside->file : bs_module_file(inside->table);
  add(&line, "the driver ");
  add(&line, inside->driver);
  if (file != NULL) {
    add(&line, " (");
    add(&line, file);
    add(&line, ")");
  }
  if (inside->store == NULL) {
    add(&line, ", while it was being loaded");
    return true;
  }
  add(&line, ", in ");
  add(&line, inside->entry);
  add(&line, " of the store ");
  add(&line, inside->store);
  return true;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/linker.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/io.h"

#define TRACE_MOST ((off_t)1 << 20)
#define NAMES_MOST 400 /* bytes of a list of names */

static void add_name(struct bs_buffer *names, const char *name, size_t length) {
  if (names == NULL || names->length > NAMES_MOST) return;
  if (names->length > 0) bs_buffer_text(names, ", ");
  bs_buffer_format(names, "%.*s", (int)length, names->length > NAMES_MOST ? "..." : name);
}

/* In a build with sanitizers, clang's drivers leave their functions to the program. */
static bool is_sanitizers(const char *name) {
  static const char *const prefixes[] = {"__asan_",  "__hwasan_", "__lsan_",      "__msan_",
                                         "__tsan_",  "__ubsan_",  "__sanitizer_", "__sancov_",
                                         "__odr_asan"};

  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
    if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
  return false;
}

/* ---- the linker's trace ---- */

/* The environment without what is preloaded, and with what makes the dynamic linker trace, bind all and tell. */
static char **trace_environment(void) {
  static char trace[] = "LD_TRACE_LOADED_OBJECTS=1", bind[] = "LD_BIND_NOW=1", warn[] = "LD_WARN=yes";
  size_t count = 0, kept = 0;
  char **environment;

  while (environ[count] != NULL) count++;
  environment = calloc(count + 4, sizeof *environment);
  if (environment == NULL) return NULL;
  for (size_t i = 0; i < count; i++)
    if (strncmp(environ[i], "LD_PRELOAD=", strlen("LD_PRELOAD=")) != 0) environment[kept++] = environ[i];
  environment[kept++] = trace;
  environment[kept++] = bind;
  environment[kept] = warn;
  return environment;
}

/* Runs the dynamic linker that loaded us on the file; its output goes to fd.  False with errno. */
static bool run_linker(const char *file, int fd) {
  char **environment BS_AUTO_FREE = trace_environment();
  posix_spawn_file_actions_t actions;
  pid_t process;
  Dl_info linker = {0};
  int status = 0, reason;

  if (environment == NULL) return false;
  if (dladdr((void *)_r_debug.r_ldbase, &linker) == 0 || linker.dli_fname == NULL) return errno = ENOEXEC, false;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
  reason = posix_spawn(&process, linker.dli_fname, &actions, NULL,
                       (char *[]){(char *)(uintptr_t)linker.dli_fname, (char *)(uintptr_t)file, NULL}, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (reason != 0) return errno = reason, false;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  return true;
}

/* "undefined symbol: NAME[, version V]\t(FILE)", of the driver's own file; "\tNAME => not found". */
static void read_line(const char *line, const char *file, struct bs_buffer *undefined, struct bs_buffer *missing) {
  static const char absent[] = " => not found", unknown[] = "undefined symbol: ";
  const char *tail = strstr(line, absent), *where = strchr(line, '\t');

  if (line[0] == '\t' && tail != NULL) add_name(missing, line + 1, (size_t)(tail - line - 1));
  if (strncmp(line, unknown, strlen(unknown)) != 0 || where == NULL || strstr(where, file) == NULL) return;
  line += strlen(unknown);
  if (!is_sanitizers(line)) add_name(undefined, line, strcspn(line, ",\t"));
}

void must_trace(struct trial *trial, struct bs_buffer *ret_undefined, struct bs_buffer *ret_missing) {
  const char *file = trial->subject->candidate->path;
  int fd BS_AUTO_CLOSE = memfd_create("trace", MFD_CLOEXEC);
  char *text BS_AUTO_FREE = NULL, *rest, *line;
  off_t length;

  if (fd < 0 || !run_linker(file, fd)) trial_fail(trial, "The dynamic linker cannot be asked about it: %s", strerror(errno));
  length = lseek(fd, 0, SEEK_END);
  text = length < 0 || length > TRACE_MOST ? NULL : calloc(1, (size_t)length + 1);
  if (text == NULL || !bs_file_read_at(fd, text, (size_t)length, 0))
    trial_fail(trial, "What the dynamic linker said of it cannot be read.");
  for (rest = text; (line = strsep(&rest, "\n")) != NULL;) read_line(line, file, ret_undefined, ret_missing);
}

/* ---- loaded ---- */

void *must_load(struct trial *trial) {
  void *handle = dlopen(trial->subject->candidate->path, RTLD_NOW | RTLD_LOCAL);
  const char *reason = handle == NULL ? dlerror() : NULL;

  if (handle == NULL) trial_fail(trial, "The dynamic linker says: %s", reason == NULL ? "nothing" : reason);
  return handle;
}

/* The symbols that others can find in an object. */
struct exports {
  const ElfW(Sym) *symbols;
  const char *names;
  size_t first;
  size_t count; /* index of the last + 1 */
};

/* Most ABIs have their dynamic section relocated in place; the others do not. */
static const void *address(const struct link_map *map, ElfW(Addr) value) {
  return (const void *)(value < map->l_addr ? value + map->l_addr : value);
}

/* The table has no length of its own: the chains of the last bucket end with the last symbol. */
static void count_gnu(struct exports *exports, const uint32_t *hash) {
  const uint32_t buckets = hash[0], first = hash[1], bloom = hash[2];
  const uint32_t *bucket = hash + 4 + bloom * (sizeof(ElfW(Addr)) / sizeof(uint32_t)), *chain = bucket + buckets;
  uint32_t last = 0;

  for (uint32_t i = 0; i < buckets; i++)
    if (bucket[i] > last) last = bucket[i];
  exports->first = first;
  exports->count = first;
  if (last < first) return;
  while ((chain[last - first] & 1) == 0) last++;
  exports->count = last + 1;
}

static struct exports find_exports(const struct link_map *map) {
  struct exports exports = {0};
  const uint32_t *old = NULL, *gnu = NULL;

  for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
    const void *at = address(map, entry->d_un.d_ptr);

    if (entry->d_tag == DT_SYMTAB) exports.symbols = at;
    else if (entry->d_tag == DT_STRTAB) exports.names = at;
    else if (entry->d_tag == DT_HASH) old = at;
    else if (entry->d_tag == DT_GNU_HASH) gnu = at;
  }
  if (gnu != NULL) count_gnu(&exports, gnu);
  else if (old != NULL) exports.count = old[1];
  return exports;
}

/* An absolute symbol is the name of a version; some linkers export the edges of sections. */
static bool is_export(const ElfW(Sym) *symbol, const char *name) {
  static const char *const edges[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
  unsigned char visibility = ELF64_ST_VISIBILITY(symbol->st_other);

  if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL) return false;
  if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) return false;
  for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
    if (strcmp(name, edges[i]) == 0) return false;
  return !is_sanitizers(name);
}

bool must_list_exports(struct trial *trial, void *handle, const char *entry, struct bs_buffer *ret_others) {
  const struct link_map *map = NULL;
  struct exports exports;
  bool found = false;

  if (dlinfo(handle, RTLD_DI_LINKMAP, (void *)&map) != 0) trial_fail(trial, "What it exports cannot be listed.");
  exports = find_exports(map);
  for (size_t i = exports.first; i < exports.count; i++) {
    const char *name = exports.names + exports.symbols[i].st_name;

    if (!is_export(&exports.symbols[i], name)) continue;
    if (strcmp(name, entry) == 0) found = true;
    else add_name(ret_others, name, strlen(name));
  }
  return found;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/tasks.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

bool list_has(const struct list *list, uint64_t number) {
  for (size_t i = 0; i < list->count; i++)
    if (list->numbers[i] == number) return true;
  return false;
}

/* The names in a directory that are numbers. */
static void list_directory(struct list *ret_list, struct trial *trial, const char *path, bool is_of_descriptors) {
  DIR *directory = opendir(path);
  uint64_t own;

  if (directory == NULL) trial_skip(trial, "there is no %s", path);
  own = is_of_descriptors ? (uint64_t)dirfd(directory) : UINT64_MAX;
  ret_list->count = 0;
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    uint64_t number = strtoull(entry->d_name, NULL, 10);

    if (entry->d_name[0] == '.' || number == own) continue;
    if (ret_list->count == LIST_MOST)
      trial_fail(trial, "%s has more than %d entries: what the driver leaves cannot be told.", path, LIST_MOST);
    ret_list->numbers[ret_list->count++] = number;
  }
  closedir(directory);
}

void list_threads(struct list *ret_list, struct trial *trial) {
  list_directory(ret_list, trial, "/proc/self/task", false);
}

void list_descriptors(struct list *ret_list, struct trial *trial) {
  list_directory(ret_list, trial, "/proc/self/fd", true);
}

uint64_t thread_blocked(uint64_t thread) {
  char path[64], line[256];
  uint64_t blocked = UINT64_MAX;
  FILE *file;

  snprintf(path, sizeof path, "/proc/self/task/%" PRIu64 "/status", thread);
  file = fopen(path, "re");
  if (file == NULL) return blocked;
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "SigBlk:", 7) == 0) blocked = strtoull(line + 7, NULL, 16);
  fclose(file);
  return blocked;
}

enum children children_left(void) {
  siginfo_t info = {.si_pid = 0};

  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return CHILDREN_NONE;
  return info.si_pid == 0 ? CHILDREN_ALIVE : CHILDREN_DEAD;
}

/* SPDX-License-Identifier: MIT */
/* The programs that a store of the exec driver has started, as /proc shows them. */
#ifndef BS_T_PROCESSES_H
#define BS_T_PROCESSES_H

#include <dirent.h>
#include <sys/types.h>

#include "t/lib/driver-host.h"

struct process {
  char state; /* 'Z': a zombie; 'X': there is no such process */
  int parent, group, session;
};

static inline struct process process_look(pid_t pid) {
  char *path = host_path("/proc/%d/stat", (int)pid), text[512] = "";
  FILE *file = fopen(path, "re");
  struct process process = {'X', 0, 0, 0}, seen;
  const char *rest;

  free(path);
  if (file == NULL) return process;
  if (fgets(text, sizeof text, file) != NULL && (rest = strrchr(text, ')')) != NULL &&
      sscanf(rest, ") %c %d %d %d", &seen.state, &seen.parent, &seen.group, &seen.session) == 4)
    process = seen;
  fclose(file);
  return process;
}

/* The children of this process that lead a session, dead ones too; and `with_all` also who is in their sessions. */
static inline size_t programs(pid_t *ret_pids, size_t most, bool with_all) {
  DIR *processes = opendir("/proc");
  struct dirent *entry;
  size_t count = 0;

  assert_non_null(processes);
  while ((entry = readdir(processes)) != NULL && count < most) {
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    struct process process = {'X', 0, 0, 0};

    if (pid > 0) process = process_look(pid);
    if (process.state == 'X') continue;
    if (process.session == pid ? process.parent == getpid()
                               : with_all && process.session > 0 && process_look(process.session).parent == getpid())
      ret_pids[count++] = pid;
  }
  closedir(processes);
  return count;
}

#endif

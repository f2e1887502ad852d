/* SPDX-License-Identifier: MIT */
/* One process of a program: started, looked at, killed with its group, waited for; never by way of SIGCHLD. */
#ifndef BS_EXEC_PROCESS_H
#define BS_EXEC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plugins/exec/frame.h"
#include "plugins/exec/said.h"

#define BS_EXEC_CHANNEL 3  /* the descriptor that the program has */
#define BS_EXEC_REASON 1100 /* bytes of a sentence */

/* What it is told as option.KEY. */
struct bs_exec_option {
  const char *key; /* key_length bytes of it */
  size_t key_length;
  const char *value;
};

/* What is started, and told at the beginning.  All of it stays where it is as long as there are processes of it. */
struct bs_exec_program {
  const char *path;         /* absolute */
  const char **arguments;   /* of which the first is the path; the last NULL */
  char **environment;       /* the last NULL */
  struct bs_exec_option *options;
  size_t option_count;
  unsigned processes_most; /* at once */
};

/* For one thread at a time, but for `said`. */
struct bs_exec_process {
  struct bs_exec_process *next; /* in a list of the pool's */
  pid_t pid;                    /* and of its session and group */
  int pidfd;                    /* readable once it has ended; -1: cannot be had */
  int channel;                  /* connected to the program's descriptor 3 */
  struct bs_exec_said said;
  uint64_t last_id;           /* of a request */
  size_t start, end, scanned; /* of what came and was not yet read; there is no newline before `scanned` */
  char in[BS_EXEC_LINE_MOST];
  struct bs_exec_line line;  /* a request */
  char why[BS_EXEC_REASON];  /* how it went wrong */
  /* the pool's */
  uint64_t since_ms;   /* idle since then, or to be killed by then */
  bool has_ended;      /* its pidfd said so */
  bool is_killed;
};

/*
 * Starts one.  It is killed when the thread that calls this ends, whatever the reason.
 * Out:  ret_reason: when it fails, a sentence: BS_EXEC_REASON bytes
 */
enum blockstore_status bs_exec_process_start(struct bs_exec_process **ret_process, char *ret_reason,
                                             const struct bs_exec_program *program, const struct blockstore_host *host,
                                             struct blockstore_store *store);

/* Has it ended?  Then its group is killed and it is waited for, or somebody else has done that. */
bool bs_exec_process_reap(struct bs_exec_process *process);
/* Waits up to so long until it has ended; it is not yet reaped.  `ret_how`: "ended with status 3" and the like, "" when it
 * has not ended or nobody can tell. */
bool bs_exec_process_wait(struct bs_exec_process *process, unsigned milliseconds, char *ret_how, size_t size);
/* Kills it with its group. */
void bs_exec_process_kill(struct bs_exec_process *process);
/* Tells it that there will be no more requests: it has so many milliseconds. */
void bs_exec_process_dismiss(struct bs_exec_process *process, unsigned milliseconds);
/* Frees what is ours of it. */
void bs_exec_process_free(struct bs_exec_process *process);

/* Writes the beginning of a request into process->line: with an id of its own, and the time that the call has. */
void bs_exec_process_request(struct bs_exec_process *process, const char *word, uint32_t time_left);

uint64_t bs_exec_now_ms(void);

#endif

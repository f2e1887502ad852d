/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "quiet.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define CANDIDATES_MOST 256

static bool is_pipe_pending(void) {
  sigset_t pending;

  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void bs_quiet_begin(struct bs_quiet *quiet) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
  sigset_t all;

  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_BLOCK, &all, &quiet->before);
  quiet->pending = is_pipe_pending();
}

void bs_quiet_end(const struct bs_quiet *quiet) {
  static const struct timespec now = {0, 0};
  sigset_t pipes;

  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  if (!quiet->pending && is_pipe_pending())
    while (sigtimedwait(&pipes, NULL, &now) < 0 && errno == EINTR) continue;
  pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

static int bytes_waiting(int fd) {
  int count;

  return ioctl(fd, FIONREAD, &count) == 0 ? count : -1;
}

static void set_close_on_exec(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Could it be one of the pair: does not block, holds nothing, and would go to another program? */
static bool is_candidate(int fd) {
  int flags = fcntl(fd, F_GETFD);

  if (flags < 0 || (flags & FD_CLOEXEC) != 0) return false;
  flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) != 0 && bytes_waiting(fd) == 0;
}

static size_t find_candidates(int *fds) {
  DIR *directory = opendir("/proc/self/fd");
  struct dirent *entry;
  size_t count = 0;

  if (directory == NULL) return 0;
  while (count < CANDIDATES_MOST && (entry = readdir(directory)) != NULL) {
    int fd = (int)strtol(entry->d_name, NULL, 10);

    if (entry->d_name[0] != '.' && is_candidate(fd)) fds[count++] = fd;
  }
  closedir(directory);
  return count;
}

/* The other end of a socket: a byte that goes in here comes out there. */
static void mark_other_end(int socket, const int *fds, size_t count) {
  char byte = 0;

  if (send(socket, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return; /* a pipe, whose ends tell the same count */
  for (size_t i = 0; i < count; i++) {
    if (fds[i] == socket || bytes_waiting(fds[i]) != 1) continue;
    set_close_on_exec(fds[i]);
    if (recv(fds[i], &byte, 1, MSG_DONTWAIT) == 1) return;
  }
}

/*
 * libcurl before 8.9 makes the pair of sockets (8.5: the pipe) by which a thread wakes another without close-on-exec,
 * and tells nobody which they are.  They are found by what they do: a wake-up puts a byte into one end.
 */
CURLM *bs_quiet_multi(void) {
  CURLM *multi = curl_multi_init();
  int fds[CANDIDATES_MOST], ready;
  size_t count = multi == NULL ? 0 : find_candidates(fds);

  if (count == 0 || curl_multi_wakeup(multi) != CURLM_OK) return multi;
  for (size_t i = 0; i < count; i++) {
    if (bytes_waiting(fds[i]) != 1) continue;
    set_close_on_exec(fds[i]);
    mark_other_end(fds[i], fds, count);
  }
  curl_multi_poll(multi, NULL, 0, 0, &ready); /* takes the byte out */
  return multi;
}

/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "quiet.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define UNUSED_MOST 256
#define ROUNDS 3

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

/* ---- the descriptors of a multi handle ---- */

/* Bytes that came to this end; of a pipe, whichever end it is, those that are in it. */
static int bytes_in(int fd) {
  int count;

  return ioctl(fd, FIONREAD, &count) == 0 ? count : -1;
}

/* Is there what was sent from this end of a pair and is not taken out at the other? */
static bool is_sent(int fd) {
  int size;

  return ioctl(fd, TIOCOUTQ, &size) == 0 && size > 0;
}

/* One of a pair of sockets that this process made: it has no name, and such a peer. */
static bool is_of_own_pair(int fd) {
  struct sockaddr_un name = {0};
  struct ucred peer = {0};
  socklen_t name_length = sizeof name, peer_length = sizeof peer;

  return getsockname(fd, (struct sockaddr *)&name, &name_length) == 0 && name.sun_family == AF_UNIX &&
         name_length == sizeof name.sun_family && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_length) == 0 &&
         peer.pid == getpid();
}

/* Could it be libcurl's: does not block, and is of such a kind? */
static bool is_candidate(int fd) {
  int flags = fcntl(fd, F_GETFL);
  struct stat file;

  if (flags < 0 || (flags & O_NONBLOCK) == 0 || fstat(fd, &file) != 0) return false;
  return S_ISFIFO(file.st_mode) || (S_ISSOCK(file.st_mode) && is_of_own_pair(fd));
}

/* Is a byte there, at one end or the other, as often as the multi is woken, and none when it has been asked? */
static bool follows(int fd, CURLM *multi) {
  int ready;

  for (int i = 0; i < ROUNDS; i++) {
    bool there;

    if (bytes_in(fd) != 0 || is_sent(fd) || curl_multi_wakeup(multi) != CURLM_OK) return false;
    there = bytes_in(fd) == 1 || (bytes_in(fd) == 0 && is_sent(fd));
    curl_multi_poll(multi, NULL, 0, 0, &ready); /* takes the byte out */
    if (!there) return false;
  }
  return bytes_in(fd) == 0 && !is_sent(fd);
}

/*
 * libcurl before 8.9 makes the pair of sockets (from 8.5 on: the pipe) by which a thread wakes another without
 * close-on-exec, and tells nobody which they are.  They are found by what they do, with nothing sent or taken that is not
 * libcurl's.  New descriptors get the lowest free numbers: there are none beyond many that are free.
 */
static void mark(CURLM *multi) {
  int found = 0, unused = 0;

  for (int fd = 0; found < 2 && unused < UNUSED_MOST; fd++) {
    int flags = fcntl(fd, F_GETFD);

    unused = flags < 0 ? unused + 1 : 0;
    if (flags < 0 || (flags & FD_CLOEXEC) != 0 || !is_candidate(fd) || !follows(fd, multi)) continue;
    fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    found++;
  }
}

CURLM *bs_quiet_multi(void) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* pairs are made and woken one by one */
  CURLM *multi;

  if (curl_version_info(CURLVERSION_NOW)->version_num >= 0x080900) return curl_multi_init();
  pthread_mutex_lock(&mutex);
  multi = curl_multi_init();
  if (multi != NULL) mark(multi);
  pthread_mutex_unlock(&mutex);
  return multi;
}

/* SPDX-License-Identifier: MIT */
/*
 * The clock of tools/bench.
 *
 *   bench-clock time COMMAND ...   runs it once, its output dropped; prints milliseconds and peak memory in KiB
 *   bench-clock floor FROM TO      what no store can avoid: reads FROM, hashes it, writes TO, fsyncs TO and its directory;
 *                                  the disk is set to work at once, or a program that hashes meanwhile would beat its floor
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

static int complain(const char *what) {
  fprintf(stderr, "bench-clock: %s: %s\n", what, strerrordesc_np(errno));
  return 1;
}

/* From just before the process is made until it has been waited for. */
static int time_command(char **command) {
  posix_spawn_file_actions_t actions;
  struct timespec from, to;
  struct rusage usage;
  pid_t pid;
  int status = -1;

  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  clock_gettime(CLOCK_MONOTONIC, &from);
  errno = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
  if (errno != 0 || wait4(pid, &status, 0, &usage) < 0) return complain(command[0]);
  clock_gettime(CLOCK_MONOTONIC, &to);
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    fprintf(stderr, "bench-clock: %s failed\n", command[0]);
    return 1;
  }
  printf("%.3f %ld\n", (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6, usage.ru_maxrss);
  return 0;
}

static bool write_all(int fd, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0) return false;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

static bool copy_hashed(int from, int to) {
  static unsigned char block[1 << 20];
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_MD_CTX *hash = EVP_MD_CTX_new();
  ssize_t got = -1;
  off_t written = 0;
  bool ok = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;

  while (ok && (got = read(from, block, sizeof block)) > 0) {
    ok = EVP_DigestUpdate(hash, block, (size_t)got) == 1 && write_all(to, block, (size_t)got);
    sync_file_range(to, written, got, SYNC_FILE_RANGE_WRITE);
    written += got;
  }
  ok = ok && got == 0 && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
  EVP_MD_CTX_free(hash);
  return ok;
}

static bool sync_directory(char *path) {
  int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool ok = fd >= 0 && fsync(fd) == 0;

  if (fd >= 0) close(fd);
  return ok;
}

static int copy_durably(const char *from, char *to) {
  int in = open(from, O_RDONLY | O_CLOEXEC);
  int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = in >= 0 && out >= 0 && copy_hashed(in, out) && fsync(out) == 0;

  if (in >= 0) close(in);
  if (out >= 0) close(out);
  return ok && sync_directory(to) ? 0 : complain(from);
}

int main(int argc, char **argv) {
  if (argc >= 3 && strcmp(argv[1], "time") == 0) return time_command(argv + 2);
  if (argc == 4 && strcmp(argv[1], "floor") == 0) return copy_durably(argv[2], argv[3]);
  fprintf(stderr, "usage: bench-clock time COMMAND ... | bench-clock floor FROM TO\n");
  return 2;
}

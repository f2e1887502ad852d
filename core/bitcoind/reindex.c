/* SPDX-License-Identifier: MIT */
/* An index made anew beside the old one, whose place it takes. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/base/io.h"
#include "core/bitcoind/chain-private.h"
#include "core/bitcoind/check.h"

#define HEAD_SIZE 72 /* of an SQLite file: up to its application id */
#define HEAD_TEXT "SQLite format 3"
#define APPLICATION_AT 68
#define TRIES 20 /* a server that runs may begin a new index in the moment when there is none */

/* ---- what may go ---- */

static bool fail_other(const char *path, struct bs_error *error) {
  return bs_fail(error, BS_WORD_corrupt, "%s: This file is no index, as far as can be told, and is not replaced: give the index"
                 " another path, or remove the file yourself.", path);
}

/* By its first bytes: the rest may be damaged, and SQLite would not open it then.  Nobody in this process has it open, so that no
 * lock is lost. */
static bool check_head(const char *path, struct bs_error *error) {
  unsigned char head[HEAD_SIZE];
  int fd BS_AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  uint32_t application;

  if (fd < 0) return errno == ENOENT || bs_fail_errno(error, "%s: The index cannot be read", path);
  if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return fail_other(path, error);
  if (status.st_size == 0) return true;
  if (!bs_file_read_at(fd, head, sizeof head, 0) || memcmp(head, HEAD_TEXT, sizeof HEAD_TEXT) != 0)
    return fail_other(path, error);
  application = (uint32_t)head[APPLICATION_AT] << 24 | (uint32_t)head[APPLICATION_AT + 1] << 16 |
                (uint32_t)head[APPLICATION_AT + 2] << 8 | head[APPLICATION_AT + 3];
  return application == BS_BITCOIN_CHAIN_APPLICATION || fail_other(path, error);
}

/* What root makes in the directory of a server that runs as another user, that one could not open. */
static bool check_user(const char *path, struct bs_error *error) {
  char *parent BS_AUTO_FREE = bs_file_parent(path);
  struct stat status;

  if (parent == NULL) return bs_fail_memory(error);
  if (geteuid() != 0 || stat(parent, &status) < 0 || status.st_uid == 0) return true;
  return bs_fail(error, BS_WORD_denied, "%s: The index is in a directory of another user: run this as that one; or remove the"
                 " index, with its -wal and -shm, and the server makes it again.", path);
}

/* One of another network, or begun elsewhere, is not this configuration's to remove. */
static bool check_old(const struct bs_bitcoind_config *config, const struct bs_bitcoin_network *network,
                      const struct bs_scope *scope, struct bs_error *error) {
  struct bs_bitcoin_chain *chain = NULL;

  if (!check_head(config->index, error)) return false;
  if (bs_bitcoin_chain_open(&chain, config->index, network, config->first_block, BS_DATABASE_READ, scope, error)) {
    bs_bitcoin_chain_close(chain);
    return true;
  }
  if (error->word == BS_WORD_config || error->word == BS_WORD_no_memory) return false;
  *error = (struct bs_error){.word = BS_NO_WORD};
  return true;
}

/* ---- taking its place ---- */

static bool remove_one(const char *path, const char *suffix, struct bs_error *error) {
  char *beside BS_AUTO_FREE = NULL;

  if (asprintf(&beside, "%s%s", path, suffix) < 0) return bs_fail_memory(error);
  return unlink(beside) == 0 || errno == ENOENT || bs_fail_errno(error, "%s: The file cannot be removed", beside);
}

/* The file first: without it nobody opens its log, which must not be taken for that of the next one. */
static bool remove_old(const char *path, struct bs_error *error) {
  return remove_one(path, "", error) && remove_one(path, "-wal", error) && remove_one(path, "-shm", error);
}

/* What its last user left, who has put everything into the file. */
static bool tidy_new(const char *path, struct bs_error *error) {
  char *wal BS_AUTO_FREE = NULL;
  struct stat status;

  if (asprintf(&wal, "%s-wal", path) < 0) return bs_fail_memory(error);
  if (stat(wal, &status) == 0 && status.st_size > 0)
    return bs_fail(error, BS_WORD_conflict, "%s: Another process has the new index open; run this again without it.", path);
  return remove_one(path, "-wal", error) && remove_one(path, "-shm", error);
}

static bool replace(const char *path, const char *by, struct bs_error *error) {
  if (!tidy_new(by, error)) return false;
  for (int i = 0; i < TRIES; i++) {
    if (!remove_old(path, error)) return false;
    if (renameat2(AT_FDCWD, by, AT_FDCWD, path, RENAME_NOREPLACE) == 0) return bs_file_sync_parent(path, error);
    if (errno == EINVAL && rename(by, path) == 0) return bs_file_sync_parent(path, error); /* not on every file system */
    if (errno != EEXIST) return bs_fail_errno(error, "%s: The new index cannot take the place of the old one", path);
  }
  return bs_fail(error, BS_WORD_conflict, "%s: Somebody else makes this index again and again; stop the server, and run this"
                 " again.", path);
}

/* ---- making it ---- */

static bool follow(const struct bs_bitcoind_config *config, const struct bs_replay_watch *watch, const struct bs_scope *scope,
                   struct bs_follow_state *ret_state, struct bs_error *error) {
  struct bs_follower *follower;
  bool good;

  if (!bs_follower_open(&follower, config, error)) return false;
  bs_follower_hear(follower, watch->tell, watch->user);
  good = bs_follow(follower, scope, ret_state, error);
  bs_follower_close(follower);
  return good;
}

static bool is_at(int fd, const char *path) {
  struct stat opened, there;

  return fstat(fd, &opened) == 0 && stat(path, &there) == 0 && opened.st_ino == there.st_ino;
}

/* One at a time: the lock is on a file that stays beside the new index until that is done. */
static bool lock(int *ret_fd, const char *path, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0) return bs_fail_errno(error, "%s: The file cannot be made", path);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0 || !is_at(fd, path)) /* or it was just done by another one */
    return bs_fail(error, BS_WORD_conflict, "%s: Another process makes this index anew already.", path);
  *ret_fd = fd;
  fd = -1;
  return true;
}

bool bs_bitcoin_reindex(const struct bs_bitcoind_config *config, const struct bs_replay_watch *watch,
                        const struct bs_scope *scope, struct bs_follow_state *ret_state, struct bs_error *error) {
  const struct bs_bitcoin_network *network = bs_bitcoin_network_find(config->network);
  struct bs_bitcoind_config beside = *config;
  char *by BS_AUTO_FREE = NULL, *lock_path BS_AUTO_FREE = NULL;
  int fd BS_AUTO_CLOSE = -1;
  bool good;

  if (asprintf(&by, "%s.reindex", config->index) < 0 || asprintf(&lock_path, "%s.reindex.lock", config->index) < 0)
    return bs_fail_memory(error);
  beside.index = by;
  if (!check_user(config->index, error) || !check_old(config, network, scope, error) ||
      !lock(&fd, lock_path, error))
    return false;
  good = follow(&beside, watch, scope, ret_state, error) && replace(config->index, by, error);
  unlink(lock_path);
  return good;
}

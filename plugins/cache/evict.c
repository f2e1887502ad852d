/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/cache/evict.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/cache/tally.h"
#include "plugins/common/tree.h"

#define OLDEST_MAX 32768 /* files that are removed at most in one go: 3 MiB of memory */
#define BATCH 8          /* files that are removed while the tally is locked */

struct old {
  struct timespec used;
  unsigned char is_record;
  char name[2 * SHA256_DIGEST_LENGTH + 1];
};

struct search {
  const struct bs_cache_place *place;
  struct blockstore_call *call;
  struct old *oldest; /* a heap, the youngest of them first */
  size_t count, room;
  uint64_t total; /* bytes of all files */
};

static bool is_younger(const struct old *left, const struct old *right) {
  if (left->used.tv_sec != right->used.tv_sec) return left->used.tv_sec > right->used.tv_sec;
  return left->used.tv_nsec > right->used.tv_nsec;
}

static int compare(const void *left, const void *right) {
  return is_younger(left, right) ? 1 : is_younger(right, left) ? -1 : 0;
}

/* ---- the heap ---- */

static void sink_down(struct search *search, struct old item) {
  size_t at = 0;

  for (size_t child = 1; child < search->count; child = 2 * at + 1) {
    if (child + 1 < search->count && is_younger(&search->oldest[child + 1], &search->oldest[child])) child++;
    if (!is_younger(&search->oldest[child], &item)) break;
    search->oldest[at] = search->oldest[child];
    at = child;
  }
  search->oldest[at] = item;
}

static void rise(struct search *search, struct old item) {
  size_t at = search->count++;

  for (; at > 0 && is_younger(&item, &search->oldest[(at - 1) / 2]); at = (at - 1) / 2)
    search->oldest[at] = search->oldest[(at - 1) / 2];
  search->oldest[at] = item;
}

/* Without memory for more, fewer are removed. */
static bool has_room(struct search *search) {
  size_t room = search->room == 0 ? 256 : 2 * search->room;
  struct old *grown;

  if (search->count < search->room) return true;
  grown = room > OLDEST_MAX ? NULL : realloc(search->oldest, room * sizeof *grown);
  if (grown == NULL) return false;
  search->oldest = grown;
  search->room = room;
  return true;
}

static void note(struct search *search, const struct old *item) {
  if (has_room(search)) {
    rise(search, *item);
  } else if (search->count > 0 && is_younger(&search->oldest[0], item)) {
    sink_down(search, *item);
  }
}

/* ---- counting ---- */

static bool is_ours(const char *name) {
  size_t length = strspn(name, "0123456789abcdef");

  return name[length] == '\0' && (length == 40 || length == 64);
}

static void look_at(struct search *search, int directory, const char *name, int area) {
  struct old item = {.is_record = area == 1};
  struct stat status;

  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(status.st_mode)) return;
  if (area < 0 && status.st_size == 0) return; /* what has just begun has taken nothing yet */
  search->total += bs_cache_cost((uint64_t)status.st_size);
  if (area < 0 || !is_ours(name)) return;
  item.used = status.st_mtim;
  snprintf(item.name, sizeof item.name, "%.64s", name);
  note(search, &item);
}

/* area: 0 values, 1 records, -1 what is on its way. */
static void look_into(struct search *search, const char *path, int area) {
  int fd = bs_tree_open(search->place->fd, path, O_RDONLY | O_DIRECTORY);
  DIR *stream = fd < 0 ? NULL : fdopendir(fd);
  const struct dirent *entry;

  if (stream == NULL) {
    if (fd >= 0) close(fd);
    return;
  }
  while ((entry = readdir(stream)) != NULL)
    if (entry->d_name[0] != '.') look_at(search, dirfd(stream), entry->d_name, area);
  closedir(stream);
}

/* What is on its way comes first, so that nothing is missed by moving into its place meanwhile. */
static bool look_at_all(struct search *search) {
  static const char *const areas[] = {"immutable", "mutable"};
  char path[sizeof "immutable/ab"];

  look_into(search, BS_TREE_TEMPORARIES, -1);
  for (int area = 0; area < 2; area++)
    for (unsigned i = 0; i < 256; i++) {
      if (search->call->host->time_left(search->call) == 0) return false;
      snprintf(path, sizeof path, "%s/%02x", areas[area], i);
      look_into(search, path, area);
    }
  return true;
}

/* What was added while it was counted counts, whether it was seen or not. */
static bool count_anew(struct search *search) {
  struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;
  uint64_t before;

  if (bs_cache_tally_open(&tally, search->place) < 0) return false;
  before = tally.sums.added;
  bs_cache_tally_close(&tally);
  if (!look_at_all(search) || bs_cache_tally_open(&tally, search->place) < 0) return false;
  tally.sums.used = search->total + (tally.sums.added - before);
  return bs_cache_tally_write(&tally) == 0;
}

/* ---- removing ---- */

static void remove_one(struct search *search, struct bs_cache_tally *tally, const struct old *old) {
  char folder[sizeof "immutable/ab"];
  struct stat status;
  int fd BS_AUTO_CLOSE = -1;

  snprintf(folder, sizeof folder, "%s/%.2s", old->is_record ? "mutable" : "immutable", old->name);
  fd = bs_tree_open(search->place->fd, folder, O_RDONLY | O_DIRECTORY);
  if (fd < 0 || fstatat(fd, old->name, &status, AT_SYMLINK_NOFOLLOW) < 0) return;
  if (status.st_mtim.tv_sec != old->used.tv_sec || status.st_mtim.tv_nsec != old->used.tv_nsec) return; /* used meanwhile */
  bs_cache_unlink(tally, fd, old->name);
}

static void remove_oldest(struct search *search, uint64_t target) {
  if (search->count > 0) qsort(search->oldest, search->count, sizeof *search->oldest, compare);
  for (size_t i = 0; i < search->count;) {
    struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;

    if (search->call->host->time_left(search->call) == 0 || bs_cache_tally_open(&tally, search->place) < 0) return;
    for (unsigned batch = 0; batch < BATCH && i < search->count; batch++, i++) {
      if (tally.sums.used <= target) return;
      remove_one(search, &tally, &search->oldest[i]);
    }
  }
}

void bs_cache_evict(const struct bs_cache_place *place, struct blockstore_call *call, uint64_t bytes) {
  uint64_t free_after = place->limit / 8 > bytes ? place->limit / 8 : bytes;
  struct search search = {.place = place, .call = call};
  int turn BS_AUTO_CLOSE = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (bytes > place->limit || turn < 0 || flock(turn, LOCK_EX | LOCK_NB) < 0) return;
  bs_temporary_sweep(place->fd);
  if (count_anew(&search)) remove_oldest(&search, place->limit - free_after);
  free(search.oldest);
}

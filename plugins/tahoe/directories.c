/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/tahoe/directories.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const bs_tahoe_areas[BS_TAHOE_AREAS] = {"immutable", "mutable"};

static bool recall(struct bs_tahoe_directories *directories, struct bs_tahoe_capability *ret_directory,
                   enum bs_tahoe_area area, const char *digits) {
  const struct bs_tahoe_capability *known = &directories->known[area][strtoul(digits, NULL, 16)];
  bool found;

  pthread_mutex_lock(&directories->mutex);
  found = known->text[0] != '\0';
  if (found) *ret_directory = *known;
  pthread_mutex_unlock(&directories->mutex);
  return found;
}

static void remember(struct bs_tahoe_directories *directories, const struct bs_tahoe_capability *directory,
                     enum bs_tahoe_area area, const char *digits) {
  pthread_mutex_lock(&directories->mutex);
  directories->known[area][strtoul(digits, NULL, 16)] = *directory;
  pthread_mutex_unlock(&directories->mutex);
}

void bs_tahoe_forget(struct bs_tahoe_directories *directories, enum bs_tahoe_area area, const char digits[3]) {
  static const struct bs_tahoe_capability none;

  remember(directories, &none, area, digits);
}

/* A child of a listing: ["dirnode", {"rw_uri": ..., "ro_uri": ...}]; the former only for who may write. */
static void remember_child(struct bs_tahoe_directories *directories, enum bs_tahoe_area area, const cJSON *child) {
  const cJSON *facts = cJSON_GetArrayItem(child, 1);
  const char *writing = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(facts, "rw_uri"));
  const char *reading = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(facts, "ro_uri"));
  const char *text = writing == NULL ? reading : writing, *name = child->string;
  struct bs_tahoe_capability directory;
  bool writes;

  if (name == NULL || strlen(name) != 2 || strspn(name, "0123456789abcdef") != 2) return;
  if (text != NULL && bs_tahoe_take(&directory, &writes, text, strlen(text))) remember(directories, &directory, area, name);
}

static enum blockstore_status fail_file(struct blockstore_call *call, const char *path) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "root: What is called %s there is no directory.", path);
}

/* All the directories of an area. */
static enum blockstore_status load(struct bs_tahoe_directories *directories, const struct bs_tahoe_grid *grid,
                                   struct blockstore_call *call, enum bs_tahoe_area area) {
  const cJSON *child;
  cJSON *list = NULL;
  enum blockstore_status status = bs_tahoe_list(grid, call, &list, &directories->root, bs_tahoe_areas[area]);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (strcmp(cJSON_GetStringValue(cJSON_GetArrayItem(list, 0)), "dirnode") != 0) {
    cJSON_Delete(list);
    return fail_file(call, bs_tahoe_areas[area]);
  }
  cJSON_ArrayForEach(child, cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, 1), "children"))
    remember_child(directories, area, child);
  cJSON_Delete(list);
  return BLOCKSTORE_STATUS_OK;
}

/* Makes it where it is not there; who makes it at the same time is as good. */
static enum blockstore_status make_child(const struct bs_tahoe_directories *directories, const struct bs_tahoe_grid *grid,
                                         struct blockstore_call *call, const char *path, const char *name) {
  enum blockstore_status status = bs_tahoe_make_directory(grid, call, &directories->root, path, name);

  return status == BLOCKSTORE_STATUS_CONFLICT ? BLOCKSTORE_STATUS_OK : status;
}

/* It was made, or something had its name, and the listing had no directory so called. */
static enum blockstore_status fail_none(const struct bs_tahoe_directories *directories, const struct bs_tahoe_grid *grid,
                                        struct blockstore_call *call, enum bs_tahoe_area area, const char *digits) {
  char path[sizeof "immutable/ab"];
  enum blockstore_status status;

  snprintf(path, sizeof path, "%s/%s", bs_tahoe_areas[area], digits);
  status = bs_tahoe_has(grid, call, &directories->root, path);
  if (status == BLOCKSTORE_STATUS_OK) return fail_file(call, path);
  if (status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                         "root: The directory %s was made, and others have undone it through another gateway.", path);
}

enum blockstore_status bs_tahoe_find(struct bs_tahoe_directories *directories, const struct bs_tahoe_grid *grid,
                                     struct blockstore_call *call, struct bs_tahoe_capability *ret_directory,
                                     enum bs_tahoe_area area, const char digits[3], bool make) {
  enum blockstore_status status;

  if (recall(directories, ret_directory, area, digits)) return BLOCKSTORE_STATUS_OK;
  status = load(directories, grid, call, area);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND && make) status = make_child(directories, grid, call, "", bs_tahoe_areas[area]);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (recall(directories, ret_directory, area, digits)) return BLOCKSTORE_STATUS_OK;
  if (!make) return BLOCKSTORE_STATUS_NOT_FOUND;
  status = make_child(directories, grid, call, bs_tahoe_areas[area], digits);
  if (status == BLOCKSTORE_STATUS_OK) status = load(directories, grid, call, area);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (recall(directories, ret_directory, area, digits)) return BLOCKSTORE_STATUS_OK;
  return fail_none(directories, grid, call, area, digits);
}

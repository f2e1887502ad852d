#!/bin/sh
# SPDX-License-Identifier: MIT
# The store of files that blockstore-driver(3) shows, with the rest of a driver around it, is built with the parts to copy and shows
# every behaviour.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"

awk '/^=head1 / { inside = /A STORE OF FILES$/ } inside && (/^$/ || sub(/^  /, ""))' "$srcdir/doc/blockstore-driver.3.pod" >"$work/shown"
cat >"$work/head" <<'END'
#define _GNU_SOURCE
#include <blockstore/driver.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "layout.h"
#include "url.h"
END
cat >"$work/tail" <<'END'
static enum blockstore_status mine_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings, const struct blockstore_next *next) {
  const char *root = call->host->setting(settings, "root", 0);
  struct mine *mine = calloc(1, sizeof *mine);
  enum blockstore_status status;
  int mark;

  (void)next;
  if (mine == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory.");
  mine->path = mkdir(root, 0700) == 0 || errno == EEXIST ? realpath(root, NULL) : NULL;
  mark = mine->path == NULL || mine_open(mine) < 0 ? -1 : openat(mine->root, ".mine", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
  if (mark >= 0) {
    close(mark);
    *ret_self = mine;
    return BLOCKSTORE_STATUS_OK;
  }
  status = blockstore_fail(call, blockstore_errno_status(errno), "%s: %s", root, strerrordesc_np(errno));
  free((char *)mine->path);
  free(mine);
  return status;
}
static void mine_storage_close(void *self, struct blockstore_call *call) {
  struct mine *mine = self;

  (void)call;
  close(mine->root);
  free((char *)mine->path);
  free(mine);
}
static bool mine_find(const struct mine *mine, struct bs_layout *object, const char *url) {
  size_t length = strlen(mine->path);
  char path[PATH_MAX];

  return strncmp(url, "mine://", 7) == 0 && bs_url_decode_path(path, sizeof path, url + 7) &&
         strncmp(path, mine->path, length) == 0 && path[length] == '/' && bs_layout_take(object, path + length + 1);
}
static enum blockstore_status mine_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct bs_layout object;

  (void)call;
  return mine_find(self, &object, url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}
static enum blockstore_status mine_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                    const char *data_id) {
  const struct mine *mine = self;
  struct bs_layout object;
  char path[2 * PATH_MAX], url[2049] = "mine://";
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);
  size_t length = 7;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  snprintf(path, sizeof path, "%s/%s", mine->path, object.path);
  length += bs_url_escape(url + length, sizeof url - length, path, strlen(path), BS_URL_PATH);
  if (length >= sizeof url) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: As a URL it is too long.", path);
  return blockstore_give(ret_url, url, length);
}
/* Finds the object, as `kind` has it, and does it. */
#define MINE(kind, does, ...)                                                                                         \
  struct bs_layout object;                                                                                            \
  enum blockstore_status status = bs_layout_##kind(&object, call, name);                                              \
                                                                                                                      \
  return status == BLOCKSTORE_STATUS_OK ? mine_##does(self, call, __VA_ARGS__) : status
static enum blockstore_status mine_get_immutable_handler(void *self, struct blockstore_call *call,
                                                         struct blockstore_sink *sink, const char *name) {
  MINE(immutable, get, sink, object.path);
}
static enum blockstore_status mine_get_mutable_handler(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                                       const char *url) {
  struct bs_layout object;

  return mine_find(self, &object, url) ? mine_get(self, call, sink, object.path) : BLOCKSTORE_STATUS_UNHANDLED_URL;
}
static enum blockstore_status mine_put_immutable_handler(void *self, struct blockstore_call *call, const char *name,
                                                         const struct blockstore_source *data, const char *txid) {
  (void)txid;
  MINE(immutable, put, object.path, data);
}
static enum blockstore_status mine_put_mutable_handler(void *self, struct blockstore_call *call, const char *name,
                                                       uint64_t version, const char *signature,
                                                       const struct blockstore_source *data) {
  (void)version, (void)signature;
  MINE(mutable, put, object.path, data);
}
static enum blockstore_status mine_delete_immutable_handler(void *self, struct blockstore_call *call, const char *name,
                                                            const char *txid) {
  (void)txid;
  MINE(immutable, delete, object.path);
}
static enum blockstore_status mine_delete_mutable_handler(void *self, struct blockstore_call *call, const char *name,
                                                          const char *signature) {
  (void)signature;
  MINE(mutable, delete, object.path);
}
static const struct blockstore_driver mine = {
    mine_storage_init,          mine_storage_close,       mine_handles_url,           mine_make_mutable_url,
    mine_get_immutable_handler, mine_get_mutable_handler, mine_put_immutable_handler, mine_put_mutable_handler,
    mine_delete_immutable_handler, mine_delete_mutable_handler, NULL};
BLOCKSTORE_REGISTER_DRIVER(mine, mine, BLOCKSTORE_VERSION("1") BLOCKSTORE_DESCRIPTION("Files") BLOCKSTORE_URL_SCHEME("mine")
    BLOCKSTORE_THREADS_PARALLEL BLOCKSTORE_CAPABILITY_DURABLE BLOCKSTORE_CAPABILITY_LOCAL BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Where it all lies"));
END
cat "$work/head" "$work/shown" "$work/tail" >"$work/mine.c"
for part in tree layout label url; do cp "$srcdir/plugins/common/$part.c" "$srcdir/plugins/common/$part.h" "$work"; done
cd "$work" || exit 1
cc -O2 -Wall -Wextra -Werror -I"$srcdir/include" -shared -fPIC -Wl,-z,defs -o mine.so mine.c tree.c layout.c label.c url.c -lcrypto 2>errors
report $? 'it is built' "$(cat errors)"
[ -w /dev/shm ] && export TMPDIR=/dev/shm
"$builddir/tools/bin/blockstore-driver-test" ./mine.so -o root=@DIR@/store >examined 2>&1
is "$?$(grep -A 3 '^not ok' examined)" 0 'it shows every behaviour'
done_testing

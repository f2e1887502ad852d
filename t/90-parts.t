#!/bin/sh
# SPDX-License-Identifier: MIT
# The parts that authors of drivers copy: each pair of files, in a folder of its own (with those that it needs), compiles
# against the installed header alone, and does its work in a C and in a C++ program.  In a driver they are not exported, and no name of theirs is the core's.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
command -v nm >/dev/null || skip_all 'needs nm'
strict='-pedantic -Wall -Wextra -Werror -O2'
prefixes='^bs_(chance|compare|endpoint|errand|fault|health|http|label|layout|passing|pause|peer|proxy|quiet|temporary|transfer|tree|upload|url)_'

cat >"$work/url-use" <<'END'
#include "url.h"
#include <string.h>
int main(void) {
  char text[32], back[32];
  size_t length = bs_url_escape(text, sizeof text, "a b/\xc3\xa9", 6, BS_URL_PATH);

  return length == 12 && strcmp(text, "a%20b/%C3%A9") == 0 && bs_url_decode_path(back, sizeof back, text) &&
                 strcmp(back, "a b/\xc3\xa9") == 0 ? 0 : 1;
}
END
cat >"$work/label-use" <<'END'
#include "label.h"
#include <string.h>
int main(void) {
  char label[BS_LABEL_SHORTEST + 1], id[201];

  memset(id, 'x', 200);
  id[200] = '\0';
  bs_label_make(label, BS_LABEL_SHORTEST, "a/B");
  if (strcmp(label, "a%2F%42") != 0) return 1;
  bs_label_make(label, BS_LABEL_SHORTEST, id);
  return strlen(label) == 71 && strncmp(label, "sha256=", 7) == 0 && bs_label_is(label, 71) ? 0 : 2;
}
END
cat >"$work/compare-use" <<'END'
#include "compare.h"
#include <string.h>
static enum blockstore_status read_at(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  (void)source;
  memcpy(buffer, &"abcd"[offset], length);
  return BLOCKSTORE_STATUS_OK;
}
int main(void) {
  struct blockstore_source source = {sizeof source, 0, read_at, 4};
  struct bs_compare compare;

  bs_compare_begin(&compare, &source);
  if (compare.sink.begin(&compare.sink, BLOCKSTORE_SIZE_UNKNOWN) != BLOCKSTORE_STATUS_OK) return 1;
  if (compare.sink.write(&compare.sink, "ab", 2) != BLOCKSTORE_STATUS_OK || bs_compare_is_same(&compare)) return 2;
  if (compare.sink.write(&compare.sink, "cd", 2) != BLOCKSTORE_STATUS_OK || !bs_compare_is_same(&compare)) return 3;
  if (compare.sink.write(&compare.sink, "e", 1) != BLOCKSTORE_STATUS_CANCELLED || !compare.differs) return 4;
  bs_compare_begin(&compare, &source);
  if (compare.sink.write(&compare.sink, "ax", 2) != BLOCKSTORE_STATUS_CANCELLED || bs_compare_is_same(&compare)) return 5;
  bs_compare_begin(&compare, &source);
  return compare.sink.begin(&compare.sink, 5) == BLOCKSTORE_STATUS_CANCELLED && compare.differs ? 0 : 6;
}
END
cat >"$work/chance-use" <<'END'
#include "chance.h"
static const char *setting(const struct blockstore_settings *settings, const char *key, size_t index) {
  (void)settings, (void)key, (void)index;
  return "7";
}
static int64_t number(const struct blockstore_settings *settings, const char *key) {
  (void)settings, (void)key;
  return 7;
}
int main(void) {
  static struct blockstore_host host;
  struct blockstore_call call = {sizeof call, 0, &host, NULL};

  host.setting = setting;
  host.setting_number = number;
  if (bs_chance_seed(&call, NULL) != 7 || bs_chance_at(7, 0) == bs_chance_at(7, 1)) return 1;
  return bs_chance_below(3, 7, 1) < 3 ? 0 : 2;
}
END
cat >"$work/pause-use" <<'END'
#include "pause.h"
static uint32_t left;
static uint32_t time_left(struct blockstore_call *call) {
  (void)call;
  return left;
}
static int cancel_fd(struct blockstore_call *call) {
  (void)call;
  return -1;
}
static void set_error(struct blockstore_call *call, const char *sentence) {
  (void)call, (void)sentence;
}
int main(void) {
  static struct blockstore_host host;
  struct blockstore_call call = {sizeof call, 0, &host, NULL};

  host.time_left = time_left;
  host.cancel_fd = cancel_fd;
  host.set_error = set_error;
  if (bs_pause_for(&call, 600000) != BLOCKSTORE_STATUS_CANCELLED) return 1;
  left = 1000;
  return bs_pause_for(&call, 1) == BLOCKSTORE_STATUS_OK ? 0 : 2;
}
END
cat >"$work/passing-use" <<'END'
#include "passing.h"
#include <string.h>
static enum blockstore_status handles(void *self, struct blockstore_call *call, const char *url) {
  (void)self, (void)call;
  return strcmp(url, "mine:x") == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}
static enum blockstore_status through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  return bs_passing_on(((struct bs_passing_filter *)self)->next, call, passing);
}
int main(void) {
  static struct blockstore_driver driver;
  struct blockstore_next next = {sizeof next, sizeof driver, &driver, NULL};
  struct bs_passing_filter filter = {&next, through};

  driver.handles_url = handles;
  if (bs_passing_handles_url(&filter, NULL, "mine:x") != BLOCKSTORE_STATUS_OK) return 1;
  if (bs_passing_handles_url(&filter, NULL, "mine:y") != BLOCKSTORE_STATUS_UNHANDLED_URL) return 2;
  return bs_passing_kind_of(BS_PASSING_GET_MUTABLE) == BS_PASSING_GET && strcmp(bs_passing_text(BS_PASSING_CHECK), "check") == 0 ? 0 : 3;
}
END
cat >"$work/layout-use" <<'END'
#include "layout.h"
#include <string.h>
int main(void) {
  struct bs_layout made, taken;

  if (bs_layout_mutable(&made, NULL, "x") != BLOCKSTORE_STATUS_OK || !bs_layout_take(&taken, made.path)) return 1;
  if (strcmp(made.path, "mutable/2d/71/x") != 0 || strcmp(taken.path, made.path) != 0) return 2;
  if (bs_layout_immutable(&made, NULL, "2d711642b726b04401627ca9fbac32f5c8530fb1") != BLOCKSTORE_STATUS_OK) return 3;
  if (strcmp(made.path, "immutable/2d/71/2d711642b726b04401627ca9fbac32f5c8530fb1") != 0) return 4;
  return bs_layout_take(&taken, made.path) || bs_layout_take(&taken, "mutable/2d/71/../x") ? 5 : 0;
}
END
cat >"$work/tree-use" <<'END'
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tree.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
int main(void) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  int root = open(".", O_RDONLY | O_DIRECTORY), fd;
  char text[6] = "";

  if (bs_temporary_sweep(root) != 0 || bs_temporary_begin(&temporary, root) < 0) return 1;
  if (bs_tree_write(temporary.fd, "hello", 5) < 0 || fsync(temporary.fd) < 0) return 2;
  if (bs_temporary_place(&temporary, root, "../out") == 0 || errno != EINVAL) return 3;
  if (bs_temporary_place(&temporary, root, "a/b/file") < 0) return 4;
  bs_temporary_end(&temporary);
  fd = bs_tree_open(root, "a/b/file", O_RDONLY);
  if (fd < 0 || bs_tree_read(fd, text, 5, 0) < 0 || strcmp(text, "hello") != 0) return 5;
  if (bs_tree_sync(root, "a/b/file", 3) < 0 || bs_tree_remove(root, "a/b/file") < 0) return 6;
  return access("a/b/file", F_OK) == 0 ? 7 : 0;
}
END
cat >"$work/health-use" <<'END'
#include "health.h"
#include <string.h>
static char written[64];
static enum blockstore_status begin(struct blockstore_sink *sink, uint64_t size) {
  (void)sink;
  return size < sizeof written ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_TOO_LARGE;
}
static enum blockstore_status take(struct blockstore_sink *sink, const void *bytes, size_t length) {
  (void)sink;
  memcpy(written, bytes, length);
  return BLOCKSTORE_STATUS_OK;
}
static int sentences;
static void set_error(struct blockstore_call *call, const char *sentence) {
  (void)call;
  sentences += sentence[0] != '\0';
}
static uint32_t time_left(struct blockstore_call *call) {
  (void)call;
  return 0;
}
int main(void) {
  struct blockstore_sink sink = {sizeof sink, 0, begin, take};
  static struct blockstore_host host;
  struct blockstore_call call = {sizeof call, 0, &host, NULL};
  struct bs_health health;

  host.set_error = set_error;
  host.time_left = time_left;
  if (blockstore_go_on(&call) != BLOCKSTORE_STATUS_CANCELLED || sentences != 1) return 3;
  bs_health_begin(&health);
  bs_health_text(&health, "host", "a\"b");
  bs_health_number(&health, "free", 7);
  bs_health_flag(&health, "up", true);
  if (bs_health_end(&health, &call, &sink) != BLOCKSTORE_STATUS_OK) return 1;
  return strcmp(written, "{\"host\": \"a\\\"b\", \"free\": 7, \"up\": true}") == 0 ? 0 : 2;
}
END
cat >"$work/endpoint-use" <<'END'
#include "endpoint.h"
#include <stdlib.h>
#include <string.h>
static char said[256];
static void set_error(struct blockstore_call *call, const char *sentence) {
  (void)call;
  strncpy(said, sentence, sizeof said - 1);
}
int main(void) {
  static struct blockstore_host host;
  struct blockstore_call call = {sizeof call, 0, &host, NULL};
  char *url = NULL;
  int good;

  host.set_error = set_error;
  if (bs_endpoint_take(&url, &call, "server", "http://example.org", false) != BLOCKSTORE_STATUS_FAILED) return 1;
  if (strncmp(said, "server: ", 8) != 0) return 2;
  if (bs_endpoint_take(&url, &call, "server", "http://localhost:8080/", false) != BLOCKSTORE_STATUS_OK) return 3;
  good = strcmp(url, "http://localhost:8080") == 0;
  free(url);
  return good ? 0 : 4;
}
END
cat >"$work/errand-use" <<'END'
#include "errand.h"
#include <string.h>
static uint32_t no_time(struct blockstore_call *call) {
  (void)call;
  return 0;
}
int main(void) {
  static struct blockstore_host host;
  struct blockstore_call call = {sizeof call, 0, &host, NULL};
  struct bs_errand errand;

  host.struct_size = sizeof host;
  host.time_left = no_time;
  bs_errand_within(&errand, &call, 1000);
  if (errand.host.time_left(&errand.call) != 0) return 1;
  bs_errand_after(&errand, &call);
  if (errand.host.time_left(&errand.call) == 0) return 2;
  errand.host.set_error(&errand.call, "No.");
  return strcmp(errand.reason, "No.") == 0 ? 0 : 3;
}
END
cat >"$work/upload-use" <<'END'
#include "upload.h"
int main(void) {
  char name[BS_UPLOAD_NAME_SIZE];

  if (bs_upload_name(name, NULL) != BLOCKSTORE_STATUS_OK) return 1;
  return bs_upload_is_old(name, time(NULL)) || !bs_upload_is_old(name, time(NULL) + 100000) ? 2 : 0;
}
END
cat >"$work/peer-use" <<'END'
#include "peer.h"
int main(void) {
  return bs_peer_host_is_public("example.org") && !bs_peer_host_is_public("[::1]") ? 0 : 1;
}
END
cat >"$work/quiet-use" <<'END'
#include "quiet.h"
int main(void) {
  CURLM *multi = bs_quiet_multi();
  struct bs_quiet quiet;

  bs_quiet_begin(&quiet);
  raise(SIGPIPE);
  bs_quiet_end(&quiet);
  return multi != NULL && curl_multi_cleanup(multi) == CURLM_OK ? 0 : 1;
}
END
cat >"$work/fault-use" <<'END'
#include "fault.h"
#include <string.h>
static char said[1024];
static void set_error(struct blockstore_call *call, const char *sentence) {
  (void)call;
  strncpy(said, sentence, sizeof said - 1);
}
int main(void) {
  static struct blockstore_host host;
  struct blockstore_call call = {sizeof call, 0, &host, NULL};
  CURL *easy = curl_easy_init();
  int good;

  host.set_error = set_error;
  good = bs_fault_judge(&call, easy, CURLE_GOT_NOTHING, "it", NULL, "") == BLOCKSTORE_STATUS_TRANSIENT &&
         strcmp(said, "it: The connection was closed before an answer.") == 0;
  curl_easy_cleanup(easy);
  return good ? 0 : 1;
}
END
cat >"$work/proxy-use" <<'END'
#include "proxy.h"
int main(void) {
  static char url[] = "http://proxy.example:3128", except[] = "example.org";
  struct bs_proxy proxy = {{"proxy", url, NULL, NULL}, {NULL, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL},
                           {NULL, NULL, NULL, NULL}, except};

  return bs_proxy_for(&proxy, "http", "a.example") == &proxy.asked &&
                 bs_proxy_for(&proxy, "http", "a.example.org") == NULL ? 0 : 1;
}
END
for part in transfer http; do
  cat >"$work/$part-use" <<END
#include "$part.h"
static const char *setting(const struct blockstore_settings *settings, const char *key, size_t index) {
  (void)settings, (void)key, (void)index;
  return NULL;
}
static int64_t number(const struct blockstore_settings *settings, const char *key) {
  (void)settings, (void)key;
  return 0;
}
int main(void) {
  static struct blockstore_host host;
  struct blockstore_call call = {sizeof call, 0, &host, NULL};
  struct bs_${part}$(test $part = transfer && echo _pool) *opened;

  host.setting = setting;
  host.setting_number = number;
  if (bs_${part}_open(&opened, &call, NULL) != BLOCKSTORE_STATUS_OK) return 1;
  bs_${part}_close(opened);
  return 0;
}
END
done

# compile COMPILER STANDARD PART: in a fresh folder with nothing but the pair, what it says it needs, and its use.
compile() (
  files=$3 libraries=
  case $3 in
    label) files='label url' libraries=-lcrypto ;;
    layout) files='layout label url' libraries=-lcrypto ;;
    fault | quiet) libraries=-lcurl ;;
    endpoint) files='endpoint peer url' ;;
    proxy) files='proxy peer' libraries=-lcurl ;;
    transfer) files='transfer fault peer proxy quiet' libraries=-lcurl ;;
    http) files='http transfer fault peer proxy quiet' libraries=-lcurl ;;
  esac
  rm -rf "$work/alone" && mkdir "$work/alone" && cd "$work/alone" || exit 1
  case $1 in
    *++) compiler=${CC:-cc} standard=-std=c99 language=c++ ;;
    *) compiler=$1 standard=-std=$2 language=c ;;
  esac
  for file in $files; do cp "$parts/$file".[ch] . || exit 1; done
  # shellcheck disable=SC2086
  $compiler $strict "$standard" -I"$include" -c ./*.c || exit 1
  # shellcheck disable=SC2086
  "$1" $strict "-std=$2" -I. -I"$include" -x "$language" "$work/$3-use" -x none ./*.o -o use $libraries
)

# use COMPILER STANDARD PART
use() {
  compile "$@" && (cd "$work/alone" && ./use)
}

succeeds 'they are installed, and the header' \
  make -C "$builddir" -s install-pkgincludeHEADERS install-dist_driverpartsDATA DESTDIR="$work/root"
parts=$(find "$work/root" -type d -name driver-parts) include=$(find "$work/root" -type d -name include)
for part in chance compare endpoint errand fault health http label layout passing pause peer proxy quiet transfer tree upload url; do
  is_empty "$(grep -L 'Copyright .* The Blockstore authors' "$parts/$part".[ch])" "$part says whose it is"
  succeeds "$part.h says that it is to be copied, and what it needs" grep -q 'part to copy into a driver:.* need' "$parts/$part.h"
  for how in 'gcc c99' 'gcc c11' 'clang c99' 'clang c11' 'g++ c++17' 'clang++ c++17'; do
    if ! command -v "${how% *}" >/dev/null; then
      skip "needs ${how% *}"
      continue
    fi
    # shellcheck disable=SC2086
    succeeds "$part: $how" use $how "$part"
  done
done

# With a config.h of its own, as an author with autoconf has it.
mkdir "$work/configured"
printf '#define _GNU_SOURCE 1\n#define _FILE_OFFSET_BITS 64\n' >"$work/configured/config.h"
for part in chance compare endpoint errand fault health http label layout passing pause peer proxy quiet transfer tree upload url; do
  # shellcheck disable=SC2086
  succeeds "$part: with a config.h" "${CC:-cc}" $strict -DHAVE_CONFIG_H -I"$work/configured" -I"$include" \
    -c "$parts/$part.c" -o "$work/$part.o"
done

cat >"$work/small.c" <<'END'
#include "health.h"
#include "http.h"
#include "label.h"
#include "layout.h"
#include "tree.h"
#include "url.h"
static enum blockstore_status small_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  struct bs_health health;
  char label[BS_LABEL_SHORTEST + 1], text[32];
  struct bs_layout layout;

  (void)self;
  if (!bs_layout_take(&layout, "mutable/ab/cd/id")) return BLOCKSTORE_STATUS_FAILED;
  bs_health_begin(&health);
  bs_url_escape(text, sizeof text, "a b", 3, BS_URL_PATH);
  bs_health_text(&health, "root", text);
  bs_label_make(label, BS_LABEL_SHORTEST, "id");
  bs_health_text(&health, "label", label);
  bs_http_close(NULL);
  bs_health_number(&health, "swept", (uint64_t)bs_temporary_sweep(-1));
  return bs_health_end(&health, call, ret_report);
}
static const struct blockstore_driver small = {.check = small_check};
BLOCKSTORE_REGISTER_DRIVER(small, small, BLOCKSTORE_VERSION("1"));
END
succeeds 'a driver is built of them as README.md says' "${CC:-cc}" -I"$parts" -I"$include" -shared -fPIC -Wl,-z,defs \
  -o "$work/small.so" "$work/small.c" "$parts"/*.c -lcrypto -lcurl
is "$(nm -D --defined-only --format=posix "$work/small.so" | sed 's/ .*//' | grep -vE '^_')" small_LTX_blockstore_driver \
  'and exports its entry point alone'

# defines FILE...: the functions and variables that others can name.
defines() {
  nm -g --defined-only --format=posix "$@" | awk 'NF > 2 { print $1 }' | grep '^bs_' | sort -u
}
is_empty "$(defines "$work"/*.o | grep -vE "$prefixes")" 'their names begin as they should'
defines "$builddir"/core/.libs/*.a >"$work/core"
is_empty "$(grep -E "$prefixes" "$work/core")" 'and none of the core does'
succeeds 'whose names were seen' grep -qx bs_sha256 "$work/core"

# A test that cannot fail is none.
sed 's|^#include "url.h"|&\n#include "core/codec/hex.h"|' "$srcdir/plugins/common/url.c" >"$parts/url.c"
fails 'a part that needs the core would be seen' use "${CC:-cc}" c11 url
done_testing

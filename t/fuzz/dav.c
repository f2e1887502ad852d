/* SPDX-License-Identifier: MIT */
/* What a WebDAV server says that lies in a collection. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "plugins/http/listing.h"
#include "t/fuzz/targets.h"

void bs_fuzz_dav_list(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = bs_fuzz_string(bytes, length), name[BS_UPLOAD_NAME_SIZE];
  const char *at = text, *next;

  while ((next = http_listing_next(name, at)) != NULL) {
    PROMISED(next > at && next < text + strlen(text) && strlen(name) == BS_UPLOAD_NAME_SIZE - 1);
    PROMISED(strspn(name, "0123456789abcdef-") == strlen(name));
    PROMISED(next[-(ptrdiff_t)strlen(name) - 1] == '/' && strncmp(next - strlen(name), name, strlen(name)) == 0);
    PROMISED(!bs_upload_is_old(name, 0));
    at = next;
  }
}

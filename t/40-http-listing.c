/* SPDX-License-Identifier: MIT */
/* Which names a WebDAV server's list has, of those that uploads have; what else may stand in such a list is none. */
#include <config.h>

#include <string.h>

#include "plugins/http/listing.h"
#include "t/lib/unit.h"

#define ONE "00000000699a0000-0123456789abcdef"
#define OTHER "00000000699a0001-fedcba9876543210"

static void names_are_found(void **state) {
  static const char list[] = "<D:multistatus xmlns:D='DAV:'><D:response><D:href>/a/.tmp/</D:href></D:response>"
                             "<D:response><D:href>/a/.tmp/" ONE "</D:href></D:response>\n"
                             "<response><href>\n https://dav.example/a/.tmp/" OTHER "\r\n</href></response></D:multistatus>";
  char name[BS_UPLOAD_NAME_SIZE];
  const char *at = http_listing_next(name, list);

  (void)state;
  assert_non_null(at);
  assert_string_equal(name, ONE);
  at = http_listing_next(name, at);
  assert_non_null(at);
  assert_string_equal(name, OTHER);
  assert_null(http_listing_next(name, at));
}

static void other_names_are_none(void **state) {
  static const char *const others[] = {
      "",
      "/",
      ONE "<",                                      /* in no path */
      "/" ONE,                                      /* cut off */
      "/" ONE "/<",                                 /* a collection */
      "/" ONE "0<",
      "/x" ONE "<",
      "/" ONE ".xml<",
      "/" ONE "%20<",
      "/00000000699a0000-0123456789abcde<",
      "/00000000699A0000-0123456789ABCDEF<",
      "/%30000000699a0000-0123456789abcdef<",
      "/.00000000699a000-0123456789abcdef<",
  };
  char name[BS_UPLOAD_NAME_SIZE];

  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (http_listing_next(name, others[i]) != NULL) fail_msg("%s", others[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_found), cmocka_unit_test(other_names_are_none)};

  return RUN_TESTS(tests);
}

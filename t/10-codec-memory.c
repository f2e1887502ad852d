/* SPDX-License-Identifier: MIT */
/* When memory runs out, at whatever allocation, a codec says no_memory, leaks nothing and leaves its outputs alone. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/codec/json.h"
#include "core/codec/yaml.h"
#include "t/lib/memory.h"

static bool json_once(struct bs_error *error) {
  static const char text[] = "{\"b\":1,\"\\u0061\":{\"\\n\":1,\"x\":2},\"c\":3,\"d\":4,\"e\":5}";
  const struct bs_json_limits limits = {sizeof text, 4};
  struct bs_json root = {NULL, 0};
  bool ok = bs_json_scan(&root, text, sizeof text - 1, &limits, error);
  assert_int_equal(root.text != NULL, ok);
  return ok;
}

static bool yaml_once(struct bs_error *error) {
  static const char text[] = "b: [1, {c: 2, d: 3}]\na:\n  x: 1\n  y: [p, q, r, s, t]\n";
  struct bs_yaml *root = NULL;
  bool ok = bs_yaml_read(&root, text, sizeof text - 1, "f.yaml", error);
  assert_int_equal(root != NULL, ok);
  bs_yaml_free(root);
  return ok;
}

static bool empty_yaml_once(struct bs_error *error) {
  struct bs_yaml *root = NULL;
  bool ok = bs_yaml_read(&root, "---\n", 4, "f.yaml", error);
  bs_yaml_free(root);
  return ok;
}

static bool text_once(struct bs_error *error) {
  struct bs_buffer base64 BS_AUTO_BUFFER = BS_BUFFER_INIT, bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, json BS_AUTO_BUFFER = BS_BUFFER_INIT;
  bs_base64_encode(&base64, "hello", 5);
  if (!bs_buffer_ok(&base64, error)) return false;
  bool decoded = bs_base64_decode(&bytes, (const char *)base64.bytes, base64.length);
  assert_int_equal(decoded, !bytes.failed);
  if (!decoded) return bs_buffer_ok(&bytes, error);
  bs_json_string((struct bs_json){"\"\\n\"", 4}, &text);
  bs_json_write_string(&json, "\x01\n", 2);
  return bs_buffer_ok(&text, error) && bs_buffer_ok(&json, error);
}

static void json(void **state) {
  (void)state;
  assert_each_failure_is_said(json_once, 2);
}

static void yaml(void **state) {
  (void)state;
  assert_each_failure_is_said(yaml_once, 40);
  assert_each_failure_is_said(empty_yaml_once, 2);
}

static void text(void **state) {
  (void)state;
  assert_each_failure_is_said(text_once, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(json),
    cmocka_unit_test(yaml),
    cmocka_unit_test(text),
  };
  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/vectors.h"

#include "core/base/file.h"

#define FILE_MAX (1u << 20)

static const cJSON *member_of(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool has_text(const cJSON *object, const char *name) {
  const cJSON *text = member_of(object, name);

  return cJSON_IsString(text) && text->valuestring[0] != '\0';
}

static bool is_result(const cJSON *test, const char *result) {
  return has_text(test, "result") && strcmp(member_of(test, "result")->valuestring, result) == 0;
}

static bool has_flag(const cJSON *test, const char *flag) {
  const cJSON *item;

  cJSON_ArrayForEach(item, member_of(test, "flags")) {
    if (strcmp(item->valuestring, flag) == 0) return true;
  }
  return false;
}

static const char *flags_fault(const cJSON *test, const cJSON *notes) {
  const cJSON *flags = member_of(test, "flags"), *flag;

  if (!cJSON_IsArray(flags)) return "a test has no flags";
  cJSON_ArrayForEach(flag, flags) {
    if (!cJSON_IsString(flag) || !has_text(notes, flag->valuestring)) return "a flag has no note";
  }
  return is_result(test, "invalid") && cJSON_GetArraySize(flags) == 0 ? "an invalid test has no flag" : NULL;
}

/* What was met so far. */
struct count {
  int valid, invalid;
};

static const char *test_fault(struct count *count, const cJSON *test, const cJSON *notes) {
  const cJSON *id = member_of(test, "tcId");
  bool valid = is_result(test, "valid");

  if (!valid && !is_result(test, "invalid")) return "a result is neither valid nor invalid";
  count->valid += valid;
  count->invalid += !valid;
  if (!cJSON_IsNumber(id) || id->valueint != count->valid + count->invalid) return "a tcId is out of order";
  if (!has_text(test, "comment")) return "a test has no comment";
  return flags_fault(test, notes);
}

static const char *group_fault(struct count *count, const cJSON *group, const cJSON *notes) {
  const cJSON *tests = member_of(group, "tests"), *test;

  if (!has_text(group, "type")) return "a group has no type";
  if (!cJSON_IsArray(tests) || cJSON_GetArraySize(tests) == 0) return "a group has no tests";
  cJSON_ArrayForEach(test, tests) {
    const char *fault = test_fault(count, test, notes);

    if (fault != NULL) return fault;
  }
  return NULL;
}

static bool is_used(const cJSON *groups, const char *flag) {
  const cJSON *group, *test;

  cJSON_ArrayForEach(group, groups) {
    cJSON_ArrayForEach(test, member_of(group, "tests")) {
      if (has_flag(test, flag)) return true;
    }
  }
  return false;
}

const char *vectors_fault(const cJSON *root) {
  const cJSON *groups = member_of(root, "testGroups"), *notes = member_of(root, "notes"), *item;
  const cJSON *number = member_of(root, "numberOfTests");
  struct count count = {0, 0};

  if (!has_text(root, "algorithm")) return "it names no algorithm";
  if (cJSON_GetArraySize(member_of(root, "header")) == 0) return "it has no header";
  if (!cJSON_IsArray(groups) || !cJSON_IsObject(notes)) return "it has no groups or no notes";
  cJSON_ArrayForEach(item, groups) {
    const char *fault = group_fault(&count, item, notes);

    if (fault != NULL) return fault;
  }
  cJSON_ArrayForEach(item, notes) {
    if (!is_used(groups, item->string)) return "a note is of no test";
  }
  if (!cJSON_IsNumber(number) || number->valueint != count.valid + count.invalid) return "numberOfTests is wrong";
  return count.invalid < count.valid ? "it has fewer invalid tests than valid ones" : NULL;
}

static cJSON *read_file(const char *name) {
  const char *srcdir = getenv("srcdir");
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  char path[1024];
  cJSON *root;

  snprintf(path, sizeof path, "%s/t/vectors/%s", srcdir == NULL ? "." : srcdir, name);
  assert_ok(bs_file_read(&text, path, FILE_MAX, &error));
  root = cJSON_ParseWithLength((const char *)text.bytes, text.length);
  if (root == NULL) fail_msg("%s is no JSON", path);
  return root;
}

static int id_of(const struct vector *vector) {
  return member_of(vector->test, "tcId")->valueint;
}

static void run_vector(const struct vector *vector, const struct vector_kind *kind) {
  bool accepted = kind->accepts(vector);

  if (accepted != vector->is_valid)
    fail_msg("%s: test %d (%s) is %s", vector->file, id_of(vector), vector_text(vector, "comment"),
             accepted ? "accepted" : "refused");
}

static void run_group(const char *file, const cJSON *group, const struct vector_kind *kinds, size_t count) {
  const char *type = member_of(group, "type")->valuestring;
  const cJSON *test;
  size_t kind = 0;

  while (kind < count && strcmp(kinds[kind].type, type) != 0) kind++;
  if (kind == count) fail_msg("%s: nothing reads groups of type %s", file, type);
  cJSON_ArrayForEach(test, member_of(group, "tests")) {
    const struct vector vector = {file, group, test, is_result(test, "valid")};

    run_vector(&vector, &kinds[kind]);
  }
}

void vectors_run(const char *name, const struct vector_kind *kinds, size_t count) {
  cJSON *root = read_file(name);
  const char *fault = vectors_fault(root);
  const cJSON *group;

  if (fault != NULL) fail_msg("%s: %s", name, fault);
  cJSON_ArrayForEach(group, member_of(root, "testGroups")) run_group(name, group, kinds, count);
  cJSON_Delete(root);
}

const cJSON *vector_find(const struct vector *vector, const char *member) {
  const cJSON *found = member_of(vector->test, member);

  return found != NULL ? found : member_of(vector->group, member);
}

const char *vector_text(const struct vector *vector, const char *member) {
  const cJSON *found = vector_find(vector, member);

  if (!cJSON_IsString(found)) fail_msg("%s: test %d has no text `%s`", vector->file, id_of(vector), member);
  return found->valuestring;
}

bool vector_has_flag(const struct vector *vector, const char *flag) {
  return has_flag(vector->test, flag);
}

static unsigned char *copy(const void *bytes, size_t length) {
  unsigned char *block = malloc(length > 0 ? length : 1);

  assert_non_null(block);
  if (length > 0) memcpy(block, bytes, length);
  return block;
}

/* Not by the decoder that is tested. */
unsigned char *vector_bytes(const struct vector *vector, const char *member, size_t *ret_length) {
  const char *hex = vector_text(vector, member);
  size_t length = strlen(hex) / 2;
  unsigned char *block;

  if (strspn(hex, "0123456789abcdefABCDEF") != strlen(hex) || strlen(hex) % 2 != 0)
    fail_msg("%s: test %d: `%s` is no hex", vector->file, id_of(vector), member);
  block = copy(hex, length);
  for (size_t i = 0; i < length; i++) {
    const char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

    block[i] = (unsigned char)strtoul(digits, NULL, 16);
  }
  *ret_length = length;
  return block;
}

unsigned char *vector_input(const struct vector *vector, size_t *ret_length) {
  const char *text;

  if (vector_find(vector, "textHex") != NULL) return vector_bytes(vector, "textHex", ret_length);
  text = vector_text(vector, "text");
  *ret_length = strlen(text);
  return copy(text, *ret_length);
}

void vector_is_text(const struct vector *vector, const char *member, const char *text) {
  if (!vector->is_valid || strcmp(vector_text(vector, member), text) == 0) return;
  fail_msg("%s: test %d (%s): %s is %s, not %s", vector->file, id_of(vector), vector_text(vector, "comment"), member, text,
           vector_text(vector, member));
}

void vector_is(const struct vector *vector, const char *member, const void *bytes, size_t length) {
  const unsigned char *from = bytes;
  struct bs_buffer hex BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; i < length; i++) bs_buffer_format(&hex, "%02x", from[i]);
  vector_is_text(vector, member, bs_buffer_string(&hex));
}

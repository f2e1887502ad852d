/* SPDX-License-Identifier: MIT */
/* Where credentials come from: configuration, environment, profile, in this order; and what is refused. */
#include <config.h>

#include <sys/stat.h>

#include "plugins/s3/credentials.h"
#include "plugins/s3/profile.h"
#include "t/lib/driver-host.h"

#define FILE_TEXT                                                                                               \
  "# a comment\n[default]\naws_access_key_id = DEFAULTKEY\naws_secret_access_key=default/secret=+\n\n"           \
  "[ work ]\r\naws_access_key_id\t=\tWORKKEY \r\n;aws_access_key_id = COMMENTED\r\naws_secret_access_key = worksecret\r\n" \
  "aws_session_token = worktoken\r\nregion = nowhere\n[profile other]\naws_access_key_id = OTHERKEY\n"              \
  "aws_secret_access_key = othersecret\n[half]\naws_access_key_id = HALFKEY\n[empty]\n[odd]\naws_access_key_id = a b\n"  \
  "aws_secret_access_key = oddsecret\n[last]\naws_access_key_id = OLD\naws_access_key_id = NEW\naws_secret_access_key = newsecret"

static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
                                        "AWS_SHARED_CREDENTIALS_FILE"};

/* A home with the file, and nothing in the environment. */
static int home_setup(void **state) {
  char *directory = host_directory(), *folder = host_path("%s/.aws", directory), *path = host_path("%s/credentials", folder);
  FILE *file;

  assert_int_equal(mkdir(folder, 0700), 0);
  file = fopen(path, "w");
  assert_non_null(file);
  fputs(FILE_TEXT, file);
  fclose(file);
  free(folder);
  free(path);
  setenv("HOME", directory, 1);
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) unsetenv(variables[i]);
  *state = directory;
  return 0;
}

static int home_teardown(void **state) {
  host_directory_remove(*state);
  return 0;
}

static enum blockstore_status find(struct bs_s3_credentials *ret_found, struct host_call *call, const struct host_setting *rows) {
  struct blockstore_settings settings = {rows};

  host_call_init(call);
  return bs_s3_credentials_find(ret_found, &call->call, &settings);
}

#define ROWS(...) ((const struct host_setting[]){__VA_ARGS__, {NULL, NULL}})
#define NOTHING ((const struct host_setting[]){{NULL, NULL}})

static void found(const struct host_setting *rows, const char *origin, const char *key, const char *secret, const char *token) {
  struct bs_s3_credentials credentials;
  struct host_call call;

  if (find(&credentials, &call, rows) != BLOCKSTORE_STATUS_OK) fail_msg("%s", call.sentence);
  assert_string_equal(credentials.origin, origin);
  if (key == NULL) {
    assert_null(credentials.access_key_id);
    assert_null(credentials.secret_access_key);
  } else {
    assert_string_equal(credentials.access_key_id, key);
    assert_string_equal(credentials.secret_access_key, secret);
  }
  if (token == NULL) {
    assert_null(credentials.session_token);
  } else {
    assert_string_equal(credentials.session_token, token);
  }
  bs_s3_credentials_end(&credentials);
}

static void refused(const struct host_setting *rows, const char *text) {
  struct bs_s3_credentials credentials;
  struct host_call call;

  assert_int_equal(find(&credentials, &call, rows), BLOCKSTORE_STATUS_FAILED);
  if (strstr(call.sentence, text) == NULL) fail_msg("%s", call.sentence);
  assert_null(strstr(call.sentence, "SECRET"));
}

static void order_is_configuration_environment_profile(void **state) {
  (void)state;
  found(NOTHING, "profile", "DEFAULTKEY", "default/secret=+", NULL);
  setenv("AWS_PROFILE", "work", 1);
  found(NOTHING, "profile", "WORKKEY", "worksecret", "worktoken");
  setenv("AWS_ACCESS_KEY_ID", "ENVKEY", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "envsecret", 1);
  found(NOTHING, "environment", "ENVKEY", "envsecret", NULL);
  setenv("AWS_SESSION_TOKEN", "envtoken", 1);
  found(NOTHING, "environment", "ENVKEY", "envsecret", "envtoken");
  found(ROWS({"profile", "other"}), "profile", "OTHERKEY", "othersecret", NULL);
  found(ROWS({"access_key_id", "KEY"}, {"secret_access_key", "secret"}), "configuration", "KEY", "secret", NULL);
  found(ROWS({"access_key_id", "KEY"}, {"secret_access_key", "secret"}, {"session_token", "token"}, {"profile", "other"}),
        "configuration", "KEY", "secret", "token");
  found(ROWS({"anonymous", "true"}), "none", NULL, NULL, NULL);
}

static void without_a_file_it_is_anonymous(void **state) {
  (void)state;
  setenv("HOME", "/nowhere", 1);
  found(NOTHING, "none", NULL, NULL, NULL);
  unsetenv("HOME");
  found(NOTHING, "none", NULL, NULL, NULL);
  setenv("AWS_ACCESS_KEY_ID", "", 1); /* says nothing */
  found(NOTHING, "none", NULL, NULL, NULL);
}

static void file_may_be_named(void **state) {
  char *path = host_path("%s/.aws/credentials", (const char *)*state);

  setenv("HOME", "/nowhere", 1);
  found(ROWS({"credentials_file", path}, {"profile", "last"}), "profile", "NEW", "newsecret", NULL);
  setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
  found(ROWS({"profile", "work"}), "profile", "WORKKEY", "worksecret", "worktoken");
  found(NOTHING, "profile", "DEFAULTKEY", "default/secret=+", NULL);
  free(path);
}

static void mistakes_are_told(void **state) {
  char *binary = host_path("%s/binary", (const char *)*state);
  FILE *file = fopen(binary, "w");

  assert_non_null(file);
  assert_int_equal(fwrite("[default]\0secret", 1, 16, file), 16);
  assert_int_equal(fclose(file), 0);
  refused(ROWS({"access_key_id", "KEY"}), "configuration has no secret access key");
  refused(ROWS({"secret_access_key", "SECRET"}), "configuration has no access key id");
  refused(ROWS({"session_token", "SECRET"}), "configuration has no access key id");
  refused(ROWS({"access_key_id", "a b"}, {"secret_access_key", "SECRET"}), "access key id of the configuration");
  refused(ROWS({"access_key_id", "a/b"}, {"secret_access_key", "SECRET"}), "access key id of the configuration");
  refused(ROWS({"access_key_id", "KEY"}, {"secret_access_key", "SEC\nRET"}), "secret access key of the configuration");
  refused(ROWS({"access_key_id", "KEY"}, {"secret_access_key", "SECRET"}, {"session_token", "x\r\ny: z"}), "session token");
  refused(ROWS({"access_key_id", "KEY"}, {"secret_access_key", "SECRET"}, {"anonymous", "true"}), "anonymous");
  refused(ROWS({"profile", "work"}, {"anonymous", "true"}), "anonymous");
  refused(ROWS({"profile", "none"}), "There is no profile [none]");
  refused(ROWS({"profile", "half"}), "profile has no secret access key");
  refused(ROWS({"profile", "empty"}), "has no aws_access_key_id and aws_secret_access_key");
  refused(ROWS({"profile", "odd"}), "access key id of the profile");
  refused(ROWS({"credentials_file", "/nowhere/at/all"}), "/nowhere/at/all: The AWS credentials file cannot be read");
  refused(ROWS({"credentials_file", "/dev/zero"}), "An AWS credentials file was expected");
  refused(ROWS({"credentials_file", "/proc/self/exe"}), "An AWS credentials file was expected");
  refused(ROWS({"credentials_file", binary}), "or is no text");
  free(binary);
  setenv("AWS_ACCESS_KEY_ID", "ENVKEY", 1);
  refused(NOTHING, "environment has no secret access key");
  setenv("AWS_PROFILE", "none", 1);
  unsetenv("AWS_ACCESS_KEY_ID");
  refused(NOTHING, "There is no profile [none]");
}

/* Lines that are no INI are passed over, whatever they hold. */
static void odd_files_are_read(void **state) {
  static const struct {
    const char *text, *value;
    bool there;
  } rows[] = {
      {"", NULL, false},           {"[p]", NULL, true},           {"[p]\nk=v", "v", true},     {"[p]\nk=", NULL, true},
      {"k=v\n[p]\n", NULL, true},  {"[q]\nk=v\n[p]\n", NULL, true}, {"[p]\nkk=v\n", NULL, true}, {"[p]\nk\n=v\n", NULL, true},
      {"[p\nk=v\n", NULL, false},  {"[]\nk=v\n", NULL, false},    {"[\n[p]\nk = v w \n", "v w", true},
      {"[p]\nk=a\n[q]\nk=b\n[p]\nk=c\n", "c", true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    bool there;
    char *value = bs_s3_profile_value(&there, rows[i].text, "p", "k");

    if (there != rows[i].there || (value == NULL) != (rows[i].value == NULL)) fail_msg("row %zu", i);
    if (value != NULL) assert_string_equal(value, rows[i].value);
    free(value);
  }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, home_setup, home_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(order_is_configuration_environment_profile),
      TEST(without_a_file_it_is_anonymous),
      TEST(file_may_be_named),
      TEST(mistakes_are_told),
      cmocka_unit_test(odd_files_are_read),
  };

  return RUN_TESTS(tests);
}

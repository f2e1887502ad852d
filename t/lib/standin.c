/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/standin.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/wait.h>

#include "t/lib/unit.h"

#define PYTHON "/usr/bin/python3"
#define DAY (24L * 60 * 60)

static const char *script(void) {
  static char path[4096];
  const char *top = getenv("srcdir");

  snprintf(path, sizeof path, "%s/t/lib/http-standin.py", top == NULL ? "." : top);
  return path;
}

void standin_start(struct standin *standin, const char *certificate, const char *clients) {
  int in[2], out[2];
  char line[16] = "";

  assert_int_equal(pipe(in), 0);
  assert_int_equal(pipe(out), 0);
  standin->pid = fork();
  assert_true(standin->pid >= 0);
  if (standin->pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    for (int fd = 3; fd < 64; fd++) close(fd);
    alarm(0);
    execl(PYTHON, PYTHON, script(), certificate, clients, (char *)NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  standin->input = in[1];
  for (size_t length = 0; length < sizeof line - 1 && strchr(line, '\n') == NULL; length++)
    if (read(out[0], line + length, 1) != 1) fail_msg("%s does not start", script());
  close(out[0]);
  standin->port = (unsigned)strtoul(line, NULL, 10);
}

void standin_stop(struct standin *standin) {
  close(standin->input);
  kill(standin->pid, SIGKILL);
  waitpid(standin->pid, NULL, 0);
}

static void add_extension(X509 *certificate, int kind, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);

  assert_non_null(extension);
  assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

static void read_authority(const char *path, X509 **ret_certificate, EVP_PKEY **ret_key) {
  FILE *file = fopen(path, "re");

  assert_non_null(file);
  *ret_certificate = PEM_read_X509(file, NULL, NULL, NULL);
  *ret_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
  fclose(file);
  assert_true(*ret_certificate != NULL && *ret_key != NULL);
}

static void write_pair(const char *path, X509 *certificate, EVP_PKEY *key) {
  FILE *file = fopen(path, "we");

  assert_non_null(file);
  assert_int_equal(PEM_write_X509(file, certificate), 1);
  assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
  assert_int_equal(fclose(file), 0);
}

void standin_certificate(const char *path, const char *authority, const char *hosts, int days) {
  static long serial;
  EVP_PKEY *key = EVP_EC_gen("P-256"), *signer = key;
  X509 *certificate = X509_new(), *issuer = certificate;
  X509_NAME *name = X509_get_subject_name(certificate);
  long last = days * DAY;

  assert_true(key != NULL && certificate != NULL);
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -100 * DAY);
  X509_gmtime_adj(X509_getm_notAfter(certificate), last);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)strrchr(path, '/'), -1, -1, 0);
  X509_set_pubkey(certificate, key);
  if (authority != NULL) read_authority(authority, &issuer, &signer);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, NID_basic_constraints, authority == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (hosts != NULL) add_extension(certificate, NID_subject_alt_name, hosts);
  assert_true(X509_sign(certificate, signer, EVP_sha256()) > 0);
  write_pair(path, certificate, key);
  if (authority != NULL) {
    X509_free(issuer);
    EVP_PKEY_free(signer);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
}

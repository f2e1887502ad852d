/* SPDX-License-Identifier: MIT */
/* The stand-in server t/lib/http-standin.py, and certificates for it.  Failing helpers end the test. */
#ifndef BS_T_STANDIN_H
#define BS_T_STANDIN_H

#include <sys/types.h>

/* A server on a port of its own; it ends with the test's process, too. */
struct standin {
  pid_t pid;
  int input; /* its standard input: it ends when this does */
  unsigned port;
};
/* certificate: a file with certificate and key, or NULL for plain HTTP; clients: a file with whom to believe that they
 * are who they are, or NULL when nobody is asked. */
void standin_start(struct standin *standin, const char *certificate, const char *clients);
void standin_stop(struct standin *standin);

/* A certificate with its key, in one PEM file at `path`: its own authority, or signed by the one at `authority`; for
 * these hosts ("DNS:localhost,IP:127.0.0.1"), valid for `days` days from now; a negative number: expired as long ago. */
void standin_certificate(const char *path, const char *authority, const char *hosts, int days);

#endif

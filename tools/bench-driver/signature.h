/* SPDX-License-Identifier: MIT */
/* What a request to an S3 server costs its sender beside libcurl: the SHA-256 of the payload, and the signature. */
#ifndef BS_BENCH_SIGNATURE_H
#define BS_BENCH_SIGNATURE_H

#include <stddef.h>
#include <stdio.h>

#define HEADERS_MOST 8
#define LINE_MOST 512

struct signed_request {
  const char *user, *region; /* "KEY:SECRET" */
  const char *method, *url;  /* with a path, without a query */
  FILE *body;                /* NULL: none; read from its beginning, and rewound */
  char lines[HEADERS_MOST][LINE_MOST]; /* headers, "name: value" in lower case */
  size_t count;
};

/* Adds x-amz-content-sha256, x-amz-date and the Authorization that signs all of them and the host.  Ends the program where
 * it cannot. */
void sign_request(struct signed_request *request);

#endif

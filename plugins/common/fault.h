/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * What libcurl's errors mean to the user.
 *
 * A part to copy into a driver: fault.h and fault.c, C99, which need libcurl 7.88 (link with -lcurl).  Any number of
 * threads may call these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_FAULT_H
#define BS_PLUGINS_FAULT_H

#include <curl/curl.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* CURLE_TOO_LARGE, which headers before libcurl 8.6 do not have: more was said than libcurl takes. */
#define BS_FAULT_TOO_LARGE ((CURLcode)100)

/*
 * The status for a result that is not CURLE_OK, with a sentence: TRANSIENT where a connection could not be had or broke,
 * FAILED where what was found there is wrong (a certificate), DENIED by a proxy and, with NOT_FOUND and NO_SPACE, for ftp.
 * In:   easy:    its handle, for what it knows beyond the result
 *       subject: what the sentence begins with, such as the URL without its query
 *       proxy:   the URL of the proxy on the way, without a secret; NULL: there is none
 *       error:   libcurl's own text (CURLOPT_ERRORBUFFER); may be ""
 */
enum blockstore_status bs_fault_judge(struct blockstore_call *call, CURL *easy, CURLcode result, const char *subject,
                                      const char *proxy, const char *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

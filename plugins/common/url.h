/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Percent-encoding (RFC 3986, section 2.1), of URL paths and of anything else that must fit a small alphabet; and what is
 * no more than the address of a service.
 *
 * A part to copy into a driver: url.h and url.c, C99, which need the C library only.  Any number of threads may call
 * these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_URL_H
#define BS_PLUGINS_URL_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* Characters that need no escape: RFC 3986's unreserved ones, and those with the slash between components. */
#define BS_URL_UNRESERVED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
#define BS_URL_PATH BS_URL_UNRESERVED "/"

/*
 * Escapes every byte that does not stand in `keep` as %XX, upper-case digits; '%' itself is never kept.
 * Returns: the length of the whole text without its NUL, also when it did not fit (like snprintf).
 * Out:  ret_text: NUL-terminated, cut before an escape that does not fit; may be NULL when size is 0
 * In:   size:     bytes at ret_text
 *       bytes:    `length` bytes, any values
 */
size_t bs_url_escape(char *ret_text, size_t size, const void *bytes, size_t length, const char *keep);

/*
 * Decodes the path of a URL, strictly: only characters that RFC 3986 allows in a path, so no query and no fragment;
 * well-formed escapes, either case of digits; no encoded NUL, and no encoded slash, which would move the edges of
 * the components.  Components are not looked at: "..", "." and empty ones come through.
 * Returns: false when the path is anything else or does not fit; ret_path is undefined then
 * Out:  ret_path: NUL-terminated; `size` bytes are available
 */
bool bs_url_decode_path(char *ret_path, size_t size, const char *text);

/*
 * Is it the address of a service, http(s)://HOST[:PORT][/PATH], with neither user, query nor fragment?
 * Returns: its length without slashes at its end, so that "/PATH" can follow; 0 when it is none
 */
size_t bs_url_base(const char *url);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

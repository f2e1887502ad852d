/* SPDX-License-Identifier: MIT */
/* The page for people: page.html, which is in the program, with what the chain says in its places. */
#ifndef BLOCKSTORED_PAGE_H
#define BLOCKSTORED_PAGE_H

#include "tools/blockstored/service.h"

/* Appends the page; query: the name that is looked up, NULL: none.  On the loop's thread. */
bool bsd_page_write(struct bs_buffer *html, struct bsd_service *service, const char *query, struct bs_error *error);
/* The Content-Security-Policy under which it works: its own style and script, and nothing else. */
void bsd_page_policy(struct bs_buffer *policy);

#endif

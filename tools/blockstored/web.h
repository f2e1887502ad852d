/* SPDX-License-Identifier: MIT */
/* What the HTTP side answers: the RPC's results by their paths, for reading; one page for people; metrics. */
#ifndef BLOCKSTORED_WEB_H
#define BLOCKSTORED_WEB_H

#include "tools/blockstored/visitor.h"

/* Replies, now or when a lane has made the answer. */
void bsd_web_answer(struct bsd_visitor *visitor, const struct bsd_http_head *head);
/* Replies with an error.  429, 503: of what may go well a moment later. */
void bsd_web_refuse(struct bsd_visitor *visitor, int status, const char *sentence);

#endif

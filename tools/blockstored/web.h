/* SPDX-License-Identifier: MIT */
/* The HTTP side: the same answers to GET, read only, on a socket of its own; one page for people; metrics. */
#ifndef BLOCKSTORED_WEB_H
#define BLOCKSTORED_WEB_H

#include "tools/blockstored/server.h"

/* Takes the listening socket over, also when it fails; may be called several times. */
bool bsd_web_open(struct bsd_server *server, int fd, struct bs_error *error);
/* Lets new connections come again, where they were too many. */
void bsd_web_tick(struct bsd_server *server, uint64_t now_ms);
void bsd_web_close(struct bsd_server *server);

#endif

/* SPDX-License-Identifier: MIT */
/* The HTTP side: the same answers to GET, read only, on a socket of its own; one page for people; metrics. */
#ifndef BLOCKSTORED_WEB_H
#define BLOCKSTORED_WEB_H

#include "tools/blockstored/server.h"

/* Takes the listening socket over, also when it fails; may be called several times. */
bool bsd_web_open(struct bsd_server *server, int fd, struct bs_error *error);
void bsd_web_close(struct bsd_server *server);

#endif

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/web.h"

#include <unistd.h>

bool bsd_web_open(struct bsd_server *server, int fd, struct bs_error *error) {
  (void)server;
  close(fd);
  return bs_fail(error, BS_WORD_config, "This build has no HTTP side: http: off");
}

void bsd_web_close(struct bsd_server *server) {
  (void)server;
}

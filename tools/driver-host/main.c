/* SPDX-License-Identifier: MIT */
/*
 * driver-host [--sandbox] [--sha256=HEX] FILE.so: the process in which an isolated driver runs.  Blockstore starts it by way of
 * the driver exec, and speaks with it over descriptor 3, as blockstore-exec(7) says.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "tools/driver-host/fault.h"
#include "tools/driver-host/serve.h"

#define CHANNEL 3
#define SHA256 "--sha256="
#define ENTERING "entering " /* what the core says of each call, which Blockstore's process has said already */

static struct host host;

/* Blockstore hears it, as all that is printed. */
static int complain(const char *sentence) {
  fprintf(stderr, "%s\n", sentence);
  return 1;
}

static void take_log(void *user, int level, const char *line) {
  const char *text = subject_strip(&host.subject, line);

  (void)user;
  if (strncmp(text, ENTERING, strlen(ENTERING)) != 0)
    channel_send_log(&host.channel, (enum blockstore_log_level)level, text);
}

int main(int count, char **arguments) {
  struct bs_error error = {0};
  const char *digest = NULL;

  if (count > 2 && strcmp(arguments[1], "--sandbox") == 0) {
    host.is_sandboxed = true;
    arguments++;
    count--;
  }
  if (count > 2 && strncmp(arguments[1], SHA256, strlen(SHA256)) == 0) {
    digest = arguments[1] + strlen(SHA256);
    arguments++;
    count--;
  }
  if (count != 2) {
    fprintf(stderr, "driver-host [--sandbox] [--sha256=HEX] FILE.so is started by Blockstore, for stores with \"isolate\": see "
            "blockstore.yaml(5).\n");
    return 2;
  }
  if (fcntl(CHANNEL, F_SETFD, FD_CLOEXEC) < 0) return complain("There is no channel to Blockstore on descriptor 3.");
  channel_begin(&host.channel, CHANNEL);
  wear_begin(&host.wear);
  if (!subject_find(&host.subject, arguments[1], digest, &error)) return complain(error.message);
  bs_log_to(take_log, NULL, BS_LOG_DEBUG);
  fault_watch();
  serve(&host);
  bs_scopes_free(&host.scopes);
  return host.channel.why[0] == '\0' ? 0 : complain(host.channel.why);
}

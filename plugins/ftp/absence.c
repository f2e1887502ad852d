/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ftp/absence.h"

#include <stdlib.h>
#include <string.h>

/* Is the name in the directory?  *ret_entered: false when there is no such directory, or it is closed to us. */
static enum blockstore_status look(struct bs_ftp_wire *wire, struct blockstore_call *call, bool *ret_entered, bool *ret_found,
                                   const char *directory, const char *name) {
  struct bs_ftp_listing listing;
  struct bs_ftp_reply reply;
  enum blockstore_status status = bs_ftp_list(wire, call, &reply, &listing, directory);
  char *at = listing.lines;
  const char *each;

  *ret_entered = listing.is_entered;
  *ret_found = false;
  while (status == BLOCKSTORE_STATUS_OK && (each = bs_ftp_listing_next(&listing, &at)) != NULL)
    if (strcmp(each, name) == 0) *ret_found = true;
  free(listing.lines);
  return status;
}

enum blockstore_status bs_ftp_absence(struct bs_ftp_wire *wire, struct blockstore_call *call, const struct bs_ftp_reply *reply,
                                      const char *path, bool must_exist) {
  const struct bs_ftp_place *place = bs_ftp_wire_place(wire);
  bool is_entered = false, is_found = false;
  struct bs_ftp_path above;
  const char *name;

  bs_ftp_path_set(&above, path);
  while (!is_entered && bs_ftp_path_climb(&above, &name)) {
    enum blockstore_status status;

    if (must_exist && strlen(above.text) < strlen(place->root))
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s%s: The root is not there, or may not be entered.", place->server,
                             place->root);
    status = look(wire, call, &is_entered, &is_found, above.text, name);
    if (status != BLOCKSTORE_STATUS_OK && (is_entered || status != BLOCKSTORE_STATUS_DENIED)) return status;
  }
  if (is_entered && !is_found)
    return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s%s: There is no such object.", place->server, path);
  return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s%s: The server has it, but refuses: %s", place->server, path,
                         reply->text);
}

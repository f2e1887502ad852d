/* SPDX-License-Identifier: MIT */
/* What a WebDAV server says that lies in a collection. */
#ifndef BS_PLUGINS_HTTP_LISTING_H
#define BS_PLUGINS_HTTP_LISTING_H

#include "plugins/common/upload.h"

/*
 * Finds the next name in a multi-status (RFC 4918, section 13) that looks as those of uploads do: what follows the last slash of
 * a text.  It is no more than a name: where the server says that it lies is not looked at.
 * Returns: what follows it in the list; NULL: there is none more
 */
const char *http_listing_next(char ret_name[BS_UPLOAD_NAME_SIZE], const char *list);

#endif

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/listing.h"

#include <string.h>

#define LETTERS "0123456789abcdef-"
#define ENDS "< \t\r\n"

const char *http_listing_next(char ret_name[BS_UPLOAD_NAME_SIZE], const char *list) {
  while ((list = strchr(list, '/')) != NULL) {
    size_t length = strspn(++list, LETTERS);

    if (length != BS_UPLOAD_NAME_SIZE - 1 || strcspn(list + length, ENDS) > 0 || list[length] == '\0') continue;
    memcpy(ret_name, list, length);
    ret_name[length] = '\0';
    return list + length;
  }
  return NULL;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ftp/reply.h"

#include <stdio.h>
#include <string.h>

#define OUT_OF_ORDER 503

static bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

void bs_ftp_reply_take(struct bs_ftp_reply *reply, const char *line, size_t length) {
  int code;

  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
  if (length < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2]) || (length > 3 && line[3] != ' ')) return;
  code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (code == OUT_OF_ORDER && reply->code >= 400) return;
  reply->code = code;
  if (reply->code == 350) reply->ready_to_rename = true;
  snprintf(reply->text, sizeof reply->text, "%.*s", (int)(length < sizeof reply->text ? length : sizeof reply->text), line);
}

/* Servers without a code for it say it so: "550 x: No space left on device". */
bool bs_ftp_reply_is_about_room(const struct bs_ftp_reply *reply) {
  static const char *const words[] = {"no space", "disk full", "quota exceeded"};
  bool found = reply->code == 452 || reply->code == 552;

  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) found = found || strcasestr(reply->text, words[i]) != NULL;
  return found;
}

enum blockstore_status bs_ftp_reply_status(const struct bs_ftp_reply *reply) {
  static const struct {
    int code;
    enum blockstore_status status;
  } rows[] = {
      {421, BLOCKSTORE_STATUS_TRANSIENT}, {425, BLOCKSTORE_STATUS_TRANSIENT}, {426, BLOCKSTORE_STATUS_TRANSIENT},
      {430, BLOCKSTORE_STATUS_DENIED},    {434, BLOCKSTORE_STATUS_TRANSIENT}, {450, BLOCKSTORE_STATUS_TRANSIENT},
      {451, BLOCKSTORE_STATUS_TRANSIENT}, {530, BLOCKSTORE_STATUS_DENIED},    {532, BLOCKSTORE_STATUS_DENIED},
      {534, BLOCKSTORE_STATUS_DENIED},    {550, BLOCKSTORE_STATUS_DENIED},    {553, BLOCKSTORE_STATUS_DENIED},
  };

  if (bs_ftp_reply_is_about_room(reply)) return BLOCKSTORE_STATUS_NO_SPACE;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].code == reply->code) return rows[i].status;
  return BLOCKSTORE_STATUS_FAILED;
}

bool bs_ftp_reply_is_refusal(const struct bs_ftp_reply *reply) {
  return (reply->code == 450 || reply->code == 550 || reply->code == 553) && !bs_ftp_reply_is_about_room(reply);
}

bool bs_ftp_reply_is_unknown(const struct bs_ftp_reply *reply) {
  return reply->code == 500 || reply->code == 501 || reply->code == 502 || reply->code == 504;
}

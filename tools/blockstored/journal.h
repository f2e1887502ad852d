/* SPDX-License-Identifier: MIT */
/*
 * The log, on standard error: one line a record, as text ("TIME LEVEL EVENT key=value ...") or JSON.  What a peer sent is never
 * in it, but a method's name that there is: a client of 2015 may send a private key.
 */
#ifndef BLOCKSTORED_JOURNAL_H
#define BLOCKSTORED_JOURNAL_H

#include "core/base/buffer.h"
#include "core/base/log.h"

/* Also for what the rooms of the core tell.  Before any thread starts. */
void bsd_journal_open(enum bs_log_level most, bool as_json);

/* One record, or none where nobody reads them for the moment: nothing waits for the log.  Control characters in texts become
 * '?', and a text is cut at 300 bytes.  Any thread. */
struct bsd_fact {
  const char *key;
  const char *text; /* NULL: the number */
  uint64_t number;
};
#define BSD_TEXT(key, text) ((struct bsd_fact){key, text, 0})
#define BSD_NUMBER(key, number) ((struct bsd_fact){key, NULL, number})
void bsd_journal(enum bs_log_level level, const char *event, const struct bsd_fact *facts, size_t count);
#define BSD_JOURNAL(level, event, ...)                                                       \
  bsd_journal(level, event, (const struct bsd_fact[]){__VA_ARGS__},                          \
              sizeof((const struct bsd_fact[]){__VA_ARGS__}) / sizeof(struct bsd_fact))
bool bsd_journal_wants(enum bs_log_level level);

/* Of what strangers cause: so many of an event a second (debug: all), and then how many were left out.  event: static. */
#define BSD_JOURNAL_WARNINGS 10
#define BSD_JOURNAL_OTHERS 100
#define BSD_JOURNAL_OFTEN(level, event, ...)                                      \
  do {                                                                            \
    if (bsd_journal_takes(level, event)) BSD_JOURNAL(level, event, __VA_ARGS__);  \
  } while (0)
bool bsd_journal_takes(enum bs_log_level level, const char *event);
/* Tells of what was left out, and of what nobody read; each second or so. */
void bsd_journal_tick(void);

#endif

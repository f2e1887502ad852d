/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/journal.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/codec/json.h"
#include "tools/blockstored/json.h"

#define TEXT_MAX 300
#define KINDS 16

static enum bs_log_level wanted = BS_LOG_INFO; /* these two are set before any thread starts */
static bool as_json;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* what follows, and standard error */
static struct kind {
  const char *event; /* NULL: a free one */
  uint64_t since_ms; /* of the second that is counted */
  uint64_t taken, left_out;
} kinds[KINDS];
static uint64_t lost; /* records that nobody read */

static void hear_core(void *user, int level, const char *line) {
  (void)user;
  BSD_JOURNAL((enum bs_log_level)level, "core", BSD_TEXT("message", line));
}

void bsd_journal_open(enum bs_log_level most, bool json) {
  wanted = most;
  as_json = json;
  bs_log_to(hear_core, NULL, most);
}

bool bsd_journal_wants(enum bs_log_level level) {
  return level <= wanted;
}

static void write_time(char text[32]) {
  struct timespec now;
  struct tm parts;

  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  (void)strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + strlen(text), 32 - strlen(text), ".%03dZ", (int)(now.tv_nsec / 1000000));
}

/* Quoted where a bare word would not be one. */
static void add_word(struct bs_buffer *line, const char *text) {
  if (text[0] != '\0' && strpbrk(text, " \"=\\") == NULL) bs_buffer_text(line, text);
  else bs_json_write_string(line, text, strlen(text));
}

static void add_fact(struct bs_buffer *line, const struct bsd_fact *fact) {
  char text[TEXT_MAX + 1];

  if (fact->text == NULL) {
    if (as_json) bsd_json_number(line, fact->key, fact->number);
    else bs_buffer_format(line, " %s=%llu", fact->key, (unsigned long long)fact->number);
    return;
  }
  snprintf(text, sizeof text, "%s", fact->text);
  bs_text_tidy(text);
  if (as_json) {
    bsd_json_text(line, fact->key, text);
  } else {
    bs_buffer_format(line, " %s=", fact->key);
    add_word(line, text);
  }
}

static void write_line(struct bs_buffer *line, enum bs_log_level level, const char *event, const struct bsd_fact *facts,
                       size_t count) {
  static const char *const levels[] = {"error", "warning", "info", "debug"};
  char when[32];

  write_time(when);
  if (as_json) {
    bs_buffer_byte(line, '{');
    bsd_json_text(line, "time", when);
    bsd_json_text(line, "level", levels[level]);
    bsd_json_text(line, "event", event);
  } else {
    bs_buffer_format(line, "%s %s %s", when, levels[level], event);
  }
  for (size_t i = 0; i < count; i++) add_fact(line, &facts[i]);
  bs_buffer_text(line, as_json ? "}\n" : "\n");
}

/* In one piece, so that threads do not mix.  A pipe that has room takes a line of up to a page (PIPE_BUF) without waiting; it is
 * asked each time, as a descriptor that is not to wait would be so for all who have it, too.  Under the mutex. */
static bool put_out(const struct bs_buffer *line) {
  struct pollfd place = {.fd = STDERR_FILENO, .events = POLLOUT};

  return !line->failed && poll(&place, 1, 0) == 1 && (place.revents & POLLOUT) != 0 &&
         write(STDERR_FILENO, line->bytes, line->length) == (ssize_t)line->length;
}

/* True: nothing was lost, or it was told.  Under the mutex. */
static bool tell_lost(void) {
  const struct bsd_fact facts[] = {BSD_NUMBER("records", lost)};
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (lost == 0) return true;
  write_line(&line, BS_LOG_WARNING, "lost", facts, 1);
  if (!put_out(&line)) return false;
  lost = 0;
  return true;
}

void bsd_journal(enum bs_log_level level, const char *event, const struct bsd_fact *facts, size_t count) {
  struct bs_buffer line BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (level > wanted) return;
  write_line(&line, level, event, facts, count);
  BS_LOCKED(&mutex);
  if (!tell_lost() || !put_out(&line)) lost++;
}

/* ---- what strangers cause ---- */

/* NULL: there are too many kinds.  Under the mutex. */
static struct kind *find_kind(const char *event) {
  for (size_t i = 0; i < KINDS; i++) {
    if (kinds[i].event == NULL) kinds[i].event = event;
    if (strcmp(kinds[i].event, event) == 0) return &kinds[i];
  }
  return NULL;
}

/* *ret_left_out: what has to be told of the second before. */
static bool count_record(enum bs_log_level level, const char *event, uint64_t *ret_left_out) {
  uint64_t now_ms = bs_clock_monotonic_ms(), most = level <= BS_LOG_WARNING ? BSD_JOURNAL_WARNINGS : BSD_JOURNAL_OTHERS;
  struct kind *kind;
  BS_LOCKED(&mutex);

  *ret_left_out = 0;
  kind = find_kind(event);
  if (kind == NULL) return true;
  if (now_ms - kind->since_ms >= 1000) {
    *ret_left_out = kind->left_out;
    *kind = (struct kind){.event = kind->event, .since_ms = now_ms};
  }
  if (kind->taken++ < most) return true;
  kind->left_out++;
  return false;
}

static void tell_left_out(const char *event, uint64_t left_out) {
  if (left_out > 0) BSD_JOURNAL(BS_LOG_WARNING, "left_out", BSD_TEXT("of", event), BSD_NUMBER("records", left_out));
}

bool bsd_journal_takes(enum bs_log_level level, const char *event) {
  uint64_t left_out;
  bool takes;

  if (level > wanted) return false;
  if (level == BS_LOG_DEBUG) return true;
  takes = count_record(level, event, &left_out);
  tell_left_out(event, left_out);
  return takes;
}

static uint64_t take_left_out(struct kind *kind, const char **ret_event, uint64_t now_ms) {
  uint64_t left_out;
  BS_LOCKED(&mutex);

  *ret_event = kind->event;
  left_out = kind->left_out;
  if (left_out == 0 || now_ms - kind->since_ms < 1000) return 0;
  *kind = (struct kind){.event = kind->event, .since_ms = now_ms};
  return left_out;
}

static void try_to_tell_lost(void) {
  BS_LOCKED(&mutex);

  tell_lost();
}

void bsd_journal_tick(void) {
  uint64_t now_ms = bs_clock_monotonic_ms();

  for (size_t i = 0; i < KINDS; i++) {
    const char *event;
    uint64_t left_out = take_left_out(&kinds[i], &event, now_ms);

    tell_left_out(event, left_out);
  }
  try_to_tell_lost();
}

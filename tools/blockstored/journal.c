/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/journal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/io.h"
#include "core/base/text.h"
#include "core/codec/json.h"
#include "tools/blockstored/json.h"

#define TEXT_MAX 300

static enum bs_log_level wanted = BS_LOG_INFO; /* these two are set before any thread starts */
static bool as_json;

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

void bsd_journal(enum bs_log_level level, const char *event, const struct bsd_fact *facts, size_t count) {
  static const char *const levels[] = {"error", "warning", "info", "debug"};
  struct bs_buffer line = BS_BUFFER_INIT;
  char when[32];
  size_t written = 0;

  if (level > wanted) return;
  write_time(when);
  if (as_json) {
    bs_buffer_byte(&line, '{');
    bsd_json_text(&line, "time", when);
    bsd_json_text(&line, "level", levels[level]);
    bsd_json_text(&line, "event", event);
  } else {
    bs_buffer_format(&line, "%s %s %s", when, levels[level], event);
  }
  for (size_t i = 0; i < count; i++) add_fact(&line, &facts[i]);
  bs_buffer_text(&line, as_json ? "}\n" : "\n");
  /* In one piece, so that threads do not mix; one that nobody takes is lost. */
  while (!line.failed && written < line.length) {
    ssize_t more = write(STDERR_FILENO, line.bytes + written, line.length - written);

    if (more <= 0) break;
    written += (size_t)more;
  }
  bs_buffer_free(&line);
}

/* SPDX-License-Identifier: MIT */
/* What a driver's check writes: one JSON object, built member by member.  One thread at a time. */
#ifndef BS_PLUGINS_REPORT_H
#define BS_PLUGINS_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <blockstore/driver.h>

struct bs_report {
  FILE *stream; /* NULL when memory ran out: members are ignored, bs_report_end says so */
  char *text;
  size_t length;
};

void bs_report_begin(struct bs_report *report);
/* Keys are the driver's own: lower case and underscores, each once.  A value is any text. */
void bs_report_text(struct bs_report *report, const char *key, const char *value);
void bs_report_number(struct bs_report *report, const char *key, uint64_t value);
void bs_report_flag(struct bs_report *report, const char *key, bool value);
/* Hands the object to the sink and frees it.  Returns the sink's answer, or FAILED when memory ran out. */
enum blockstore_status bs_report_end(struct bs_report *report, struct blockstore_call *call,
                                     struct blockstore_sink *ret_report);

#endif

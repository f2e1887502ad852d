/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * What a driver's check writes: one JSON object, built member by member.
 *
 * A part to copy into a driver: health.h and health.c, C99, which need blockstore/driver.h, the C library and POSIX
 * (open_memstream).  A struct bs_health is for one thread at a time; different ones are independent.
 */
#ifndef BS_PLUGINS_HEALTH_H
#define BS_PLUGINS_HEALTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

struct bs_health {
  FILE *stream; /* NULL when memory ran out: members are ignored, bs_health_end says so */
  char *text;
  size_t length;
};

void bs_health_begin(struct bs_health *health);
/* Keys are the driver's own: lower case and underscores, each once.  A value is any text; bytes of it that are not UTF-8
 * become U+FFFD. */
void bs_health_text(struct bs_health *health, const char *key, const char *value);
void bs_health_number(struct bs_health *health, const char *key, uint64_t value);
void bs_health_flag(struct bs_health *health, const char *key, bool value);
/* Hands the object to the sink and frees it.  Returns the sink's answer, or FAILED when memory ran out. */
enum blockstore_status bs_health_end(struct bs_health *health, struct blockstore_call *call,
                                     struct blockstore_sink *ret_report);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

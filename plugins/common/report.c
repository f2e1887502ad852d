/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/common/report.h"

#include <inttypes.h>
#include <stdlib.h>

void bs_report_begin(struct bs_report *report) {
  report->text = NULL;
  report->length = 0;
  report->stream = open_memstream(&report->text, &report->length);
}

static void write_string(FILE *stream, const char *text) {
  fputc('"', stream);
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;

    if (byte < 0x20) {
      fprintf(stream, "\\u%04x", byte);
    } else {
      if (byte == '"' || byte == '\\') fputc('\\', stream);
      fputc(byte, stream);
    }
  }
  fputc('"', stream);
}

static void write_key(FILE *stream, const char *key) {
  fputs(ftell(stream) == 0 ? "{" : ", ", stream);
  write_string(stream, key);
  fputs(": ", stream);
}

void bs_report_text(struct bs_report *report, const char *key, const char *value) {
  if (report->stream == NULL) return;
  write_key(report->stream, key);
  write_string(report->stream, value);
}

void bs_report_number(struct bs_report *report, const char *key, uint64_t value) {
  if (report->stream == NULL) return;
  write_key(report->stream, key);
  fprintf(report->stream, "%" PRIu64, value);
}

void bs_report_flag(struct bs_report *report, const char *key, bool value) {
  if (report->stream == NULL) return;
  write_key(report->stream, key);
  fputs(value ? "true" : "false", report->stream);
}

enum blockstore_status bs_report_end(struct bs_report *report, struct blockstore_call *call,
                                     struct blockstore_sink *ret_report) {
  enum blockstore_status status;
  bool failed = report->stream == NULL;

  if (!failed) {
    fputs(ftell(report->stream) == 0 ? "{}" : "}", report->stream);
    failed = ferror(report->stream) != 0;
    failed = fclose(report->stream) != 0 || failed || report->text == NULL; /* glibc's fclose does not tell of the last */
  }
  if (failed) {
    status = blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "There is not enough memory for the report.");
  } else {
    status = ret_report->begin(ret_report, report->length);
    if (status == BLOCKSTORE_STATUS_OK) status = ret_report->write(ret_report, report->text, report->length);
  }
  free(report->text);
  *report = (struct bs_report){0};
  return status;
}

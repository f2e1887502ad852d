/* SPDX-License-Identifier: MIT */
/* Blocks by libcurl alone, 500 a batch, each batch with the hashes of the next. */
#include <config.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench-blocks/bench.h"

#define BATCH 500

struct text {
  char *bytes;
  size_t length, capacity;
};

static void add(struct text *text, const char *bytes, size_t length) {
  if (text->bytes == NULL || text->length + length >= text->capacity) {
    text->capacity = 2 * (text->length + length) + 1024;
    text->bytes = realloc(text->bytes, text->capacity);
    if (text->bytes == NULL) bench_die("memory");
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

static size_t take(char *bytes, size_t size, size_t count, void *user) {
  add(user, bytes, size * count);
  return size * count;
}

static void add_call(struct text *request, const char *method, const char *parameter) {
  char call[200];
  int length = snprintf(call, sizeof call, "%s{\"method\":\"%s\",\"params\":[%s],\"id\":1}", request->length == 0 ? "[" : ",",
                        method, parameter);

  add(request, call, (size_t)length);
}

/* The next result that is text.  A block's is long, a hash has 64 digits; a block with all that it spends is none. */
static const char *next_result(const char **at, size_t *length) {
  static const char key[] = "\"result\":\"";
  const char *found = strstr(*at, key), *end;

  if (found == NULL) bench_die("a result is missing");
  found += sizeof key - 1;
  end = strchr(found, '"');
  if (end == NULL) bench_die("a result has no end");
  *length = (size_t)(end - found);
  *at = end;
  return found;
}

unsigned long bench_floor(char **arguments) {
  unsigned long blocks = strtoul(arguments[3], NULL, 10), fetched = 0, asked = 0;
  unsigned long every = arguments[4] == NULL ? 0 : strtoul(arguments[4], NULL, 10);
  static char hashes[BATCH][67];
  size_t known = 0;
  struct text request = {0}, answer = {0};
  CURL *curl = curl_easy_init();

  if (curl == NULL) bench_die("curl");
  curl_easy_setopt(curl, CURLOPT_URL, arguments[0]);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_USERNAME, arguments[1]);
  curl_easy_setopt(curl, CURLOPT_PASSWORD, arguments[2]);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512 * 1024L);
  while (fetched < blocks) {
    size_t coming = known, length;
    const char *at;

    request.length = answer.length = 0;
    for (size_t i = 0; i < known; i++) {
      char parameters[80];

      snprintf(parameters, sizeof parameters, "%.66s,0", hashes[i]);
      add_call(&request, "getblock", parameters);
      if (every == 0 || (fetched + i + 1) % every != 0) continue;
      snprintf(parameters, sizeof parameters, "%.66s,3", hashes[i]);
      add_call(&request, "getblock", parameters);
    }
    for (known = 0; known < BATCH && asked < blocks; known++) {
      char number[30];

      snprintf(number, sizeof number, "%lu", ++asked);
      add_call(&request, "getblockhash", number);
    }
    add(&request, "]", 1);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.bytes);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request.length);
    if (curl_easy_perform(curl) != CURLE_OK) bench_die("fetching");
    at = answer.bytes;
    for (size_t i = 0; i < coming; i++, fetched++) next_result(&at, &length);
    for (size_t i = 0; i < known; i++) {
      const char *hash = next_result(&at, &length);

      if (length != 64) bench_die("a hash of another length");
      snprintf(hashes[i], sizeof hashes[i], "\"%.64s\"", hash);
    }
  }
  curl_easy_cleanup(curl);
  free(request.bytes);
  free(answer.bytes);
  return fetched;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/dht/value.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/plugin.h"

#define MARK "BSv1"
#define VERSION_MOST ((UINT64_C(1) << 53) - 1)

static void free_json(cJSON **json) {
  cJSON_Delete(*json);
}
#define AUTO_JSON __attribute__((__cleanup__(free_json)))

bool dht_value_make(struct dht_value *ret_value, enum dht_kind kind, uint64_t version, size_t length) {
  unsigned char *whole = malloc(DHT_VALUE_HEAD + length);

  if (whole == NULL) return false;
  memcpy(whole, MARK, strlen(MARK));
  whole[strlen(MARK)] = (unsigned char)kind;
  for (size_t i = 0; i < sizeof version; i++) whole[DHT_VALUE_HEAD - 1 - i] = (unsigned char)(version >> (8 * i));
  *ret_value = (struct dht_value){kind, version, whole, length};
  return true;
}

void dht_value_free(struct dht_value *value) {
  free(value->whole);
  value->whole = NULL;
}

char *dht_value_write(const struct dht_value *value, bool permanent) {
  size_t size = DHT_VALUE_HEAD + value->length, room = (size + 2) / 3 * 4 + 1;
  char *base64 BS_AUTO_FREE = malloc(room), *json = malloc(room + 64), number[21];

  if (base64 == NULL || json == NULL) {
    free(json);
    return NULL;
  }
  EVP_EncodeBlock((unsigned char *)base64, value->whole, (int)size);
  dht_place_number(number, value->whole, size);
  snprintf(json, room + 64, "{\"data\":\"%s\",\"id\":\"%s\"%s}", base64, number, permanent ? ",\"permanent\":true" : "");
  return json;
}

/* By free(), with at least one byte; NULL without memory, or with *ret_size 0 when it is no base64. */
static unsigned char *decode(const char *base64, size_t *ret_size) {
  size_t length = strlen(base64);
  unsigned char *bytes = malloc(length / 4 * 3 + 1);
  int size;

  *ret_size = 0;
  if (bytes == NULL) return NULL;
  size = length % 4 == 0 ? EVP_DecodeBlock(bytes, (const unsigned char *)base64, (int)length) : -1;
  if (size > 0) *ret_size = (size_t)size - (base64[length - 1] == '=') - (base64[length - 2] == '=');
  return bytes;
}

/* Takes the bytes when they are a value of ours. */
static bool take(struct dht_value *ret_value, unsigned char *bytes, size_t size) {
  unsigned char kind;
  uint64_t version = 0;

  if (size < DHT_VALUE_HEAD || memcmp(bytes, MARK, strlen(MARK)) != 0) return false;
  kind = bytes[strlen(MARK)];
  if (kind != DHT_IMMUTABLE && kind != DHT_MUTABLE) return false;
  for (size_t i = DHT_VALUE_HEAD - sizeof version; i < DHT_VALUE_HEAD; i++) version = version << 8 | bytes[i];
  *ret_value = (struct dht_value){(enum dht_kind)kind, version, bytes, size - DHT_VALUE_HEAD};
  return true;
}

enum dht_line dht_value_read(struct dht_value *ret_value, const char *line, size_t length) {
  cJSON *json AUTO_JSON = cJSON_ParseWithLength(line, length);
  const char *data = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "data"));
  unsigned char *bytes;
  size_t size;

  if (!cJSON_IsObject(json)) return DHT_LINE_MALFORMED;
  if (data == NULL) return DHT_LINE_FOREIGN; /* encrypted for somebody */
  bytes = decode(data, &size);
  if (bytes == NULL) return DHT_LINE_NO_MEMORY;
  if (take(ret_value, bytes, size)) return DHT_LINE_OURS;
  free(bytes);
  return size == 0 && *data != '\0' ? DHT_LINE_MALFORMED : DHT_LINE_FOREIGN; /* what a node took in, it writes rightly */
}

uint64_t dht_value_record_version(const struct dht_value *value) {
  const char *record = (const char *)value->whole + DHT_VALUE_HEAD;
  cJSON *json AUTO_JSON = cJSON_ParseWithLength(record, value->length);
  const cJSON *ver = cJSON_GetObjectItemCaseSensitive(json, "ver");
  const char *digits = cJSON_GetStringValue(ver);

  if (cJSON_IsNumber(ver) && ver->valuedouble >= 1 && ver->valuedouble <= (double)VERSION_MOST) return (uint64_t)ver->valuedouble;
  if (digits != NULL && *digits != '\0' && strlen(digits) <= 16 && strspn(digits, "0123456789") == strlen(digits))
    return strtoull(digits, NULL, 10);
  return 0;
}

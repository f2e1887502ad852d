/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/place.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/common/endpoint.h"
#include "plugins/common/url.h"

#define REGION_ANY "us-east-1" /* what servers that know no regions take */
#define AWS_SUFFIX ".amazonaws.com"
#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz" DIGITS
#define BUCKET_SHORTEST 3
#define BUCKET_LONGEST 63
#define HOST_LONGEST 255
#define OBJECT_LONGEST (sizeof((struct bs_layout *)NULL)->path - 1)

/* An endpoint, taken apart; pointers into its text. */
struct endpoint {
  char scheme[sizeof "https"];
  char host[HOST_LONGEST + 1]; /* with its port, unless that is the scheme's; in lower case */
  const char *path;            /* "" or "/path" */
};

static const char *setting(struct blockstore_call *call, const struct blockstore_settings *settings, const char *key) {
  const char *value = call->host->setting(settings, key, 0);

  return value == NULL ? "" : value;
}

/* Takes the host and its port as libcurl sends them, for the Host header is signed: [2001:DB8:0::1]:09000 is
 * [2001:db8::1]:9000, and the scheme's own port is left out. */
static bool take_authority(struct endpoint *endpoint, const char *text, size_t length) {
  CURLU *parsed = curl_url();
  char url[sizeof "https://" + HOST_LONGEST], *host = NULL, *port = NULL;
  bool good;

  snprintf(url, sizeof url, "%s://%.*s", endpoint->scheme, (int)length, text);
  good = parsed != NULL && length > 0 && length <= HOST_LONGEST && text[length - 1] != ':' &&
         strspn(text, SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._[:]") >= length &&
         curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
         curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
         strlen(host) <= HOST_LONGEST - strlen(":65535");
  if (good) {
    curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT);
    snprintf(endpoint->host, sizeof endpoint->host, "%s%s%s", host, port == NULL ? "" : ":", port == NULL ? "" : port);
    for (char *letter = endpoint->host; *letter != '\0'; letter++) *letter = (char)tolower((unsigned char)*letter);
  }
  curl_free(host);
  curl_free(port);
  curl_url_cleanup(parsed);
  return good;
}

/* An address cannot have a bucket's name before it. */
static bool takes_names(const char *host) {
  return host[0] != '[' && strspn(host, DIGITS ".") < strcspn(host, ":");
}

static bool is_aws(const char *host) {
  size_t length = strlen(host), suffix = strlen(AWS_SUFFIX);

  return length > suffix && strcmp(host + length - suffix, AWS_SUFFIX) == 0;
}

/* Takes apart what bs_endpoint_take has taken. */
static enum blockstore_status take_endpoint(struct endpoint *ret_endpoint, struct blockstore_call *call, const char *url) {
  const char *host = strstr(url, "//") + 2;
  size_t length = strcspn(host, "/");

  ret_endpoint->path = host + length;
  snprintf(ret_endpoint->scheme, sizeof ret_endpoint->scheme, strncasecmp(url, "https:", 6) == 0 ? "https" : "http");
  if (!take_authority(ret_endpoint, host, length) || strspn(ret_endpoint->path, BS_URL_PATH) < strlen(ret_endpoint->path) ||
      strstr(ret_endpoint->path, "//") != NULL || strstr(ret_endpoint->path, "/.") != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "endpoint: A server's URL was expected, such as https://s3.example.org:9000, without user, bucket, "
                           "query or anything escaped.");
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status take_bucket(struct bs_s3_place *place, struct blockstore_call *call, const char *text) {
  size_t length = strlen(text);

  if (length < BUCKET_SHORTEST || length > BUCKET_LONGEST || strspn(text, SMALL "-.") < length ||
      strchr("-.", text[0]) != NULL || strchr("-.", text[length - 1]) != NULL || strstr(text, "..") != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "bucket: \"%.100s\": A bucket's name was expected: 3 to 63 small letters, digits, hyphens and dots, a "
                           "letter or digit at each end.", text);
  place->bucket = strdup(text);
  return place->bucket == NULL ? bs_plugin_fail_memory(call) : BLOCKSTORE_STATUS_OK;
}

/* Is each of the path's components a name, and no step? */
static bool is_prefix(const char *text) {
  while (true) {
    size_t length = strcspn(text, "/");

    if (length == 0 || (text[0] == '.' && (length == 1 || (length == 2 && text[1] == '.')))) return false;
    if (text[length] == '\0') return true;
    text += length + 1;
  }
}

static enum blockstore_status take_prefix(struct bs_s3_place *place, struct blockstore_call *call, const char *text) {
  size_t length = strlen(text);

  if (length > 0 && text[length - 1] == '/') length--;
  place->prefix = malloc(length + 2);
  if (place->prefix == NULL) return bs_plugin_fail_memory(call);
  snprintf(place->prefix, length + 2, "%.*s", (int)length, text);
  if (text[0] != '\0' && !is_prefix(place->prefix))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "prefix: \"%.200s\": Names with single slashes between them were expected, none of them . or ..",
                           text);
  if (length > 0) memcpy(place->prefix + length, "/", 2);
  return BLOCKSTORE_STATUS_OK;
}

/* The option; or what Amazon's host names say: s3.REGION.amazonaws.com. */
static enum blockstore_status take_region(struct bs_s3_place *place, struct blockstore_call *call, const char *text,
                                          const char *endpoint) {
  const char *named = strcasestr(endpoint, "://s3.");
  size_t length = named == NULL ? 0 : strcspn(named + strlen("://s3."), ".");

  if (text[0] == '\0' && length > 0 && length <= BS_S3_REGION_LONGEST &&
      strncasecmp(named + strlen("://s3.") + length, AWS_SUFFIX, strlen(AWS_SUFFIX)) == 0) {
    snprintf(place->region, sizeof place->region, "%.*s", (int)length, named + strlen("://s3."));
    return BLOCKSTORE_STATUS_OK;
  }
  if (text[0] == '\0') text = REGION_ANY;
  if (strlen(text) > BS_S3_REGION_LONGEST || strspn(text, SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") < strlen(text))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "region: \"%.100s\": A region's name was expected, such as eu-central-1.", text);
  snprintf(place->region, sizeof place->region, "%s", text);
  return BLOCKSTORE_STATUS_OK;
}

static bool make_forms(struct bs_s3_place *place, const struct endpoint *endpoint, bool virtual) {
  struct bs_s3_form *by_path = &place->forms[virtual ? BS_S3_OTHER : BS_S3_OWN];
  struct bs_s3_form *by_host = &place->forms[virtual ? BS_S3_OWN : BS_S3_OTHER];
  struct bs_s3_form *brief = &place->forms[BS_S3_SHORT];
  size_t length = strlen(endpoint->path);

  if (length > 0 && endpoint->path[length - 1] == '/') length--;
  if (asprintf(&by_path->origin, "%s://%s", endpoint->scheme, endpoint->host) < 0) by_path->origin = NULL;
  if (asprintf(&by_path->path, "%.*s/%s/", (int)length, endpoint->path, place->bucket) < 0) by_path->path = NULL;
  if (asprintf(&by_host->origin, "%s://%s.%s", endpoint->scheme, place->bucket, endpoint->host) < 0) by_host->origin = NULL;
  by_host->path = strdup("/");
  if (asprintf(&brief->origin, "s3://%s", place->bucket) < 0) brief->origin = NULL;
  brief->path = strdup("/");
  return by_path->origin != NULL && by_path->path != NULL && by_host->origin != NULL && by_host->path != NULL &&
         brief->origin != NULL && brief->path != NULL;
}

/* Settles the style, and what follows of it. */
static enum blockstore_status arrange(struct bs_s3_place *place, struct blockstore_call *call, const struct endpoint *endpoint,
                                      const char *style) {
  bool able = takes_names(endpoint->host) && strspn(endpoint->path, "/") == strlen(endpoint->path);
  bool virtual = strcmp(style, "virtual") == 0;
  char *url;
  size_t length;

  if (virtual && !able)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "style: virtual puts the bucket before the endpoint's host name; this endpoint is an address or has a "
                           "path: use style: path.");
  /* A certificate for *.s3.amazonaws.com is none for a bucket with a dot. */
  if (strcmp(style, "auto") == 0) virtual = able && is_aws(endpoint->host) && strchr(place->bucket, '.') == NULL;
  if (!make_forms(place, endpoint, virtual)) return bs_plugin_fail_memory(call);
  url = bs_s3_place_url(place, "");
  if (url == NULL) return bs_plugin_fail_memory(call);
  length = strlen(url);
  free(url);
  if (length + BS_LAYOUT_ESCAPED_MAX > BS_S3_URL_LONGEST + 1 || strlen(place->prefix) + OBJECT_LONGEST > BS_S3_KEY_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "prefix: It leaves no room for objects' names in a path of %zu bytes and a URL of %d.",
                           BS_S3_KEY_MOST,
                           BS_S3_URL_LONGEST);
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_s3_place_open(struct bs_s3_place *ret_place, struct blockstore_call *call,
                                        const struct blockstore_settings *settings) {
  const char *text = setting(call, settings, "endpoint");
  bool allow_http = call->host->setting_number(settings, "allow_http") != 0;
  char usual[sizeof "https://s3." AWS_SUFFIX + BS_S3_REGION_LONGEST], *url BS_AUTO_FREE = NULL;
  struct bs_s3_place place = {0};
  struct endpoint endpoint = {0};
  enum blockstore_status status;

  status = take_region(&place, call, setting(call, settings, "region"), text);
  snprintf(usual, sizeof usual, "https://s3.%s" AWS_SUFFIX, place.region);
  if (status == BLOCKSTORE_STATUS_OK)
    status = bs_endpoint_take(&url, call, "endpoint", text[0] == '\0' ? usual : text, allow_http);
  if (status == BLOCKSTORE_STATUS_OK) status = take_endpoint(&endpoint, call, url);
  if (status == BLOCKSTORE_STATUS_OK) status = take_bucket(&place, call, setting(call, settings, "bucket"));
  if (status == BLOCKSTORE_STATUS_OK) status = take_prefix(&place, call, setting(call, settings, "prefix"));
  if (status == BLOCKSTORE_STATUS_OK) status = arrange(&place, call, &endpoint, setting(call, settings, "style"));
  if (status != BLOCKSTORE_STATUS_OK) {
    bs_s3_place_close(&place);
    return status;
  }
  *ret_place = place;
  return BLOCKSTORE_STATUS_OK;
}

void bs_s3_place_close(struct bs_s3_place *place) {
  for (int i = 0; i < BS_S3_FORMS; i++) {
    free(place->forms[i].origin);
    free(place->forms[i].path);
  }
  free(place->bucket);
  free(place->prefix);
}

char *bs_s3_place_url(const struct bs_s3_place *place, const char *object) {
  const struct bs_s3_form *form = &place->forms[BS_S3_OWN];
  char *path BS_AUTO_FREE = NULL, *url;
  size_t origin = strlen(form->origin), room;
  int length = asprintf(&path, "%s%s%s", form->path, object == NULL ? "" : place->prefix, object == NULL ? "" : object);

  if (length < 0) {
    path = NULL;
    return NULL;
  }
  room = origin + 3 * (size_t)length + 1;
  url = malloc(room);
  if (url == NULL) return NULL;
  memcpy(url, form->origin, origin);
  bs_url_escape(url + origin, room - origin, path, (size_t)length, BS_URL_PATH);
  return url;
}

/* What follows `start`, or NULL. */
static const char *after(const char *text, const char *start) {
  return text != NULL && strncmp(text, start, strlen(start)) == 0 ? text + strlen(start) : NULL;
}

bool bs_s3_place_take(const struct bs_s3_place *place, struct bs_layout *ret_layout, const char *url) {
  char path[BS_S3_URL_LONGEST + 1];

  for (int i = 0; i < BS_S3_FORMS; i++) {
    const struct bs_s3_form *form = &place->forms[i];
    size_t origin = strlen(form->origin);
    const char *rest;

    if (strncasecmp(url, form->origin, origin) != 0 || url[origin] != '/' || !bs_url_decode_path(path, sizeof path, url + origin))
      continue;
    rest = after(after(path, form->path), place->prefix);
    if (rest != NULL) return bs_layout_take(ret_layout, rest);
  }
  return false;
}

/* SPDX-License-Identifier: MIT */
/*
 * The floor of tools/bench-stores: libcurl alone, as the curl program uses it, sends given requests on one connection.
 *
 *   bench-floor [-u USER:PASSWORD] [-s] ROUNDS <REQUESTS      -s: signed for S3
 *
 * A request is a line of fields with tabs between: the method (of FTP: RETR, STOR), the URL, the file that is sent or "-",
 * then header lines (of FTP: commands that follow).  "@" stands for the number of the round.  In each round all of them
 * are sent, in order; a first round warms up and is not told.  Prints the milliseconds of each.
 */
#include <config.h>

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAX 16
#define FIELDS_MAX 8

struct request {
  char *fields[FIELDS_MAX];
  size_t count;
};

struct floor {
  CURL *easy;
  const char *user;
  bool is_signed;
  struct request requests[REQUESTS_MAX];
  size_t count;
};

static double now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool read_requests(struct floor *floor) {
  char *line = NULL, *rest;
  size_t size = 0;

  while (floor->count < REQUESTS_MAX && getline(&line, &size, stdin) > 0) {
    struct request *request = &floor->requests[floor->count++];

    line[strcspn(line, "\n")] = '\0';
    for (char *field = strtok_r(line, "\t", &rest); field != NULL && request->count < FIELDS_MAX;
         field = strtok_r(NULL, "\t", &rest))
      request->fields[request->count++] = strdup(field);
    if (request->count < 3) return false;
  }
  free(line);
  return floor->count > 0;
}

/* The field with the round's number in it, by free(). */
static char *fill(const char *field, unsigned long round) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);

  if (stream == NULL) abort();
  for (; *field != '\0'; field++)
    if (*field == '@') fprintf(stream, "%lu", round);
    else fputc(*field, stream);
  fclose(stream);
  return text;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as libcurl wants it */
static size_t drop(char *bytes, size_t size, size_t count, void *user) {
  (void)bytes;
  (void)user;
  return size * count;
}

static void set_method(CURL *easy, const char *method) {
  if (strcmp(method, "HEAD") == 0) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  else if (strcmp(method, "RETR") != 0 && strcmp(method, "STOR") != 0) curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_body(CURL *easy, FILE *body) {
  struct stat status;

  if (body == NULL || fstat(fileno(body), &status) < 0) return;
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READDATA, body);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)status.st_size);
}

/* The milliseconds that it took, or a negative number. */
static double send_request(struct floor *floor, const struct request *request, unsigned long round) {
  CURL *easy = floor->easy;
  struct curl_slist *lines = NULL;
  char *url = fill(request->fields[1], round);
  FILE *body = strcmp(request->fields[2], "-") == 0 ? NULL : fopen(request->fields[2], "r");
  double start;
  CURLcode code;

  for (size_t i = 3; i < request->count; i++) {
    char *line = fill(request->fields[i], round);

    lines = curl_slist_append(lines, line);
    free(line);
  }
  curl_easy_reset(easy);
  set_method(easy, request->fields[0]);
  set_body(easy, body);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(easy, CURLOPT_USERPWD, floor->user);
  curl_easy_setopt(easy, CURLOPT_FTP_CREATE_MISSING_DIRS, 1L);
  curl_easy_setopt(easy, strncmp(url, "ftp", 3) == 0 ? CURLOPT_POSTQUOTE : CURLOPT_HTTPHEADER, lines);
  if (floor->is_signed) curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:s3");
  start = now_ms();
  code = curl_easy_perform(easy);
  start = now_ms() - start;
  if (code != CURLE_OK) fprintf(stderr, "bench-floor: %s: %s\n", url, curl_easy_strerror(code));
  curl_slist_free_all(lines);
  if (body != NULL) fclose(body);
  free(url);
  return code == CURLE_OK ? start : -1;
}

static bool run(struct floor *floor, unsigned long rounds) {
  for (unsigned long round = 0; round <= rounds; round++) {
    double sum = 0;

    for (size_t i = 0; i < floor->count; i++) {
      double took = send_request(floor, &floor->requests[i], round);

      if (took < 0) return false;
      sum += took;
    }
    if (round > 0) printf("%.3f\n", sum);
  }
  return true;
}

int main(int argc, char **argv) {
  static struct floor floor;
  int letter;

  /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
  while ((letter = getopt(argc, argv, "u:s")) != -1)
    if (letter == 'u') floor.user = optarg;
    else if (letter == 's') floor.is_signed = true;
    else return 2;
  if (argc - optind != 1 || !read_requests(&floor)) {
    fputs("usage: bench-floor [-u USER:PASSWORD] [-s] ROUNDS <REQUESTS\n", stderr);
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  floor.easy = curl_easy_init();
  return floor.easy != NULL && run(&floor, strtoul(argv[optind], NULL, 10)) ? 0 : 1;
}

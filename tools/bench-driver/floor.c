/* SPDX-License-Identifier: MIT */
/*
 * The floor of tools/bench-stores: libcurl alone, as the curl program uses it, sends given requests on one connection.
 *
 *   bench-floor [-w] [-u USER:PASSWORD] [-s REGION] [-f OFFSET] ROUNDS <REQUESTS
 *
 * A request is a line of fields with tabs between: the method (of FTP: RETR, STOR), perhaps with the code that is awaited
 * instead of 2xx ("HEAD:404"); the URL; the file that is sent or "-"; then header lines (of FTP: commands that follow, one
 * that may be refused with a star in front).  "@" stands for the number of the round.  In each round all of them are sent,
 * in order; a first round warms up and is not told.  Prints for each: the milliseconds that it took, those that the
 * processor worked, and how many of the former went into signing (-s: for S3, by the user's key pair).  -f: in each round
 * the files that are as long have other bytes there, which have never been sent before.  -w: each round is handed to another
 * thread, and waited for, as a caller must who is never to be held up by a server that says nothing.
 */
#include <config.h>

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/worker.h"
#include "tools/bench-driver/signature.h"

#define REQUESTS_MAX 16
#define FIELDS_MAX 16

struct request {
  char *fields[FIELDS_MAX]; /* of which the first three are there */
  size_t count;
  long awaited; /* 0: 2xx */
};

struct floor {
  CURL *easy;
  const char *user, *region; /* NULL: none */
  off_t fresh;               /* where bytes of a file change; -1: nowhere */
  bool hands_over;           /* to a thread */
  struct request requests[REQUESTS_MAX];
  size_t count;
};

/* A round on its thread. */
struct turn {
  struct floor *floor;
  unsigned long round;
  double *signing;
  pthread_mutex_t lock; /* what follows */
  pthread_cond_t ended;
  bool has_ended, good;
};

static double ms_of(clockid_t id) {
  struct timespec now;

  clock_gettime(id, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- the requests ---- */

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
    rest = strchr(request->fields[0], ':');
    if (rest == NULL) continue;
    *rest = '\0';
    request->awaited = strtol(rest + 1, NULL, 10);
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

/* ---- one of them ---- */

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

/* Makes the request ready, but for its header lines. */
static void prepare(const struct floor *floor, const struct request *request, const char *url, FILE *body) {
  CURL *easy = floor->easy;

  curl_easy_reset(easy);
  set_method(easy, request->fields[0]);
  set_body(easy, body);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(easy, CURLOPT_FTP_CREATE_MISSING_DIRS, 1L);
  if (floor->region == NULL) curl_easy_setopt(easy, CURLOPT_USERPWD, floor->user);
}

/* The header lines of the request, by curl_slist_free_all; signed where they are to be. */
static struct curl_slist *make_lines(const struct floor *floor, const struct request *request, const char *url, FILE *body,
                                     unsigned long round) {
  struct signed_request sign = {floor->user, floor->region, request->fields[0], url, body, {{'\0'}}, 0};
  struct curl_slist *lines = NULL;

  for (size_t i = 3; i < request->count; i++) {
    char *line = fill(request->fields[i], round);

    if (floor->region != NULL && line[strlen(line) - 1] != ':') snprintf(sign.lines[sign.count++], LINE_MOST, "%s", line);
    else lines = curl_slist_append(lines, line);
    free(line);
  }
  if (floor->region != NULL) sign_request(&sign);
  for (size_t i = 0; i < sign.count; i++) lines = curl_slist_append(lines, sign.lines[i]);
  return lines;
}

static bool is_awaited(const struct floor *floor, const struct request *request, const char *url, CURLcode result) {
  long code = 0;

  curl_easy_getinfo(floor->easy, CURLINFO_RESPONSE_CODE, &code);
  if (result == CURLE_OK && (request->awaited != 0 ? code == request->awaited : code >= 200 && code <= 299)) return true;
  fprintf(stderr, "bench-floor: %s %s: %s, code %ld\n", request->fields[0], url, curl_easy_strerror(result), code);
  return false;
}

/* false: it did not go as awaited, and that has been told. */
static bool send_request(struct floor *floor, const struct request *request, unsigned long round, double *signing) {
  char *url = fill(request->fields[1], round);
  FILE *body = strcmp(request->fields[2], "-") == 0 ? NULL : fopen(request->fields[2], "re");
  double start = ms_of(CLOCK_MONOTONIC);
  struct curl_slist *lines = make_lines(floor, request, url, body, round);
  bool done;

  *signing += ms_of(CLOCK_MONOTONIC) - start;
  prepare(floor, request, url, body);
  curl_easy_setopt(floor->easy, strncmp(url, "ftp", 3) == 0 ? CURLOPT_POSTQUOTE : CURLOPT_HTTPHEADER, lines);
  done = is_awaited(floor, request, url, curl_easy_perform(floor->easy));
  curl_slist_free_all(lines);
  if (body != NULL) fclose(body);
  free(url);
  return done;
}

/* ---- rounds ---- */

static bool freshen(const struct floor *floor, const char *path) {
  FILE *file = floor->fresh < 0 || strcmp(path, "-") == 0 ? NULL : fopen(path, "r+e");
  double now = ms_of(CLOCK_REALTIME);
  struct stat status;
  bool done = file == NULL ||
              (fstat(fileno(file), &status) == 0 &&
               (status.st_size < floor->fresh + (off_t)sizeof now ||
                (fseeko(file, floor->fresh, SEEK_SET) == 0 && fwrite(&now, sizeof now, 1, file) == 1)));

  if (file != NULL && fclose(file) != 0) return false;
  return done;
}

static bool send_all(struct floor *floor, unsigned long round, double *signing) {
  for (size_t i = 0; i < floor->count; i++)
    if (!send_request(floor, &floor->requests[i], round, signing)) return false;
  return true;
}

static void take_turn(void *user) {
  struct turn *turn = user;
  bool good = send_all(turn->floor, turn->round, turn->signing);

  pthread_mutex_lock(&turn->lock);
  turn->good = good;
  turn->has_ended = true;
  pthread_cond_signal(&turn->ended);
  pthread_mutex_unlock(&turn->lock);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the thread writes it */
static bool hand_over(struct floor *floor, unsigned long round, double *signing) {
  struct turn turn = {floor, round, signing, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
  struct bs_error error;

  if (!bs_worker_run(take_turn, &turn, &error)) return false;
  pthread_mutex_lock(&turn.lock);
  while (!turn.has_ended) pthread_cond_wait(&turn.ended, &turn.lock);
  pthread_mutex_unlock(&turn.lock);
  return turn.good;
}

static bool go_round(struct floor *floor, unsigned long round) {
  double start, work, signing = 0;

  for (size_t i = 0; i < floor->count; i++)
    if (!freshen(floor, floor->requests[i].fields[2])) return false;
  start = ms_of(CLOCK_MONOTONIC);
  work = ms_of(CLOCK_PROCESS_CPUTIME_ID);
  if (!(floor->hands_over ? hand_over : send_all)(floor, round, &signing)) return false;
  start = ms_of(CLOCK_MONOTONIC) - start;
  work = ms_of(CLOCK_PROCESS_CPUTIME_ID) - work;
  if (round > 0) printf("%.3f %.3f %.3f\n", start, work, signing);
  return true;
}

int main(int argc, char **argv) {
  static struct floor floor = {.fresh = -1};
  unsigned long rounds;
  bool good = true;
  int letter;

  /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
  while ((letter = getopt(argc, argv, "wu:s:f:")) != -1)
    if (letter == 'w') floor.hands_over = true;
    else if (letter == 'u') floor.user = optarg;
    else if (letter == 's') floor.region = optarg;
    else if (letter == 'f') floor.fresh = (off_t)strtoll(optarg, NULL, 10);
    else return 2;
  if (argc - optind != 1 || !read_requests(&floor)) {
    fputs("usage: bench-floor [-w] [-u USER:PASSWORD] [-s REGION] [-f OFFSET] ROUNDS <REQUESTS\n", stderr);
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  floor.easy = curl_easy_init();
  rounds = strtoul(argv[optind], NULL, 10);
  for (unsigned long round = 0; good && round <= rounds; round++) good = floor.easy != NULL && go_round(&floor, round);
  return good ? 0 : 1;
}

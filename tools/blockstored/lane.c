/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/lane.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/base/auto.h"
#include "core/base/worker.h"

/* Jobs that wait or run, and of one address.  What takes the node long has few: each holds up those behind it. */
static const struct {
  size_t most, of_one;
} bounds[BSD_LANES] = {[BSD_SCAN] = {512, 512}, [BSD_SEND] = {64, 8}, [BSD_NODE] = {32, 4}};

struct bsd_lanes {
  struct bsd_service *service;
  pthread_mutex_t mutex; /* what follows */
  pthread_cond_t quiet;  /* a lane has stopped */
  bool is_ending;
  struct bsd_job *waiting[BSD_LANES]; /* the next one, and those behind it */
  bool is_running[BSD_LANES];
  struct bsd_job *running[BSD_LANES]; /* NULL: between two */
  uint64_t turns[BSD_LANES];          /* of the job that was taken last */
};

/* Behind another one, if that is of the same address. */
static void yield_to(struct bsd_job *job, const struct bsd_job *other) {
  uint64_t turn = other->turn + (other->asker.cost == 0 ? 1 : other->asker.cost);

  if (job->asker.key != 0 && job->asker.key == other->asker.key && job->turn < turn) job->turn = turn;
}

/* Who asks much waits for his own, and holds up nobody who asks little: a job's turn is the lane's, or comes after all that its
 * address has there, each as long as its cost (start-time fair queueing).  Of one turn the first goes first.  Under the mutex. */
static void put(struct bsd_lanes *lanes, struct bsd_job *job) {
  struct bsd_job **at = &lanes->waiting[job->lane];

  job->turn = lanes->turns[job->lane];
  if (lanes->running[job->lane] != NULL) yield_to(job, lanes->running[job->lane]);
  for (const struct bsd_job *other = *at; other != NULL; other = other->next)
    if (!atomic_load(&other->is_dropped)) yield_to(job, other);
  while (*at != NULL && (*at)->turn <= job->turn) at = &(*at)->next;
  job->next = *at;
  *at = job;
}

static struct bsd_job *take(struct bsd_job **waiting) {
  struct bsd_job *job = *waiting;

  if (job != NULL) *waiting = job->next;
  return job;
}

void bsd_job_free(struct bsd_job *job) {
  bs_buffer_free(&job->request);
  bs_buffer_free(&job->reply);
  free(job);
}

struct lane_of {
  struct bsd_lanes *lanes;
  enum bsd_lane lane;
};

/* The next job of a lane; NULL: it stops. */
static struct bsd_job *next_job(struct bsd_lanes *lanes, enum bsd_lane lane) {
  struct bsd_job *job;
  BS_LOCKED(&lanes->mutex);

  job = lanes->running[lane] = lanes->is_ending ? NULL : take(&lanes->waiting[lane]);
  if (job != NULL) {
    lanes->turns[lane] = job->turn;
    bsd_uncount(&lanes->service->metrics.lane_waiting[lane], 1);
    bsd_count(&lanes->service->metrics.lane_running[lane], 1);
    return job;
  }
  lanes->is_running[lane] = false;
  pthread_cond_broadcast(&lanes->quiet);
  return NULL;
}

/* After a job that was dropped, for the next one.  It is there again: none is made. */
static void renew_scope(struct bsd_service *service, enum bsd_lane lane) {
  struct bs_error error;

  if (!bs_scope_cancelled(service->scope[lane])) return;
  bs_scope_close(service->scope[lane]);
  bs_scope_open(&service->scopes, &service->scope[lane], 0, &error);
}

static void give_back(struct bsd_lanes *lanes, struct bsd_job *job) {
  BS_LOCKED(&lanes->mutex);

  lanes->running[job->lane] = NULL;
  bsd_uncount(&lanes->service->metrics.lane_running[job->lane], 1);
  if (!lanes->is_ending) renew_scope(lanes->service, job->lane);
  bsd_mailbox_put(job->asker.mailbox, &job->letter);
}

/* Until others have taken their replies. */
static void wait_for_room(const struct bsd_lanes *lanes, enum bsd_lane lane) {
  static const struct timespec pause = {0, 20000000};

  while (bsd_service_is_full(lanes->service) && !bs_scope_cancelled(lanes->service->scope[lane])) nanosleep(&pause, NULL);
}

static void work(void *user) {
  struct lane_of *which = user;
  struct bsd_lanes *lanes = which->lanes;
  enum bsd_lane lane = which->lane;
  struct bsd_job *job;

  free(which);
  while ((job = next_job(lanes, lane)) != NULL) {
    struct bsd_frame frame;

    if (!atomic_load(&job->is_dropped)) wait_for_room(lanes, lane);
    if (!atomic_load(&job->is_dropped)) {
      bsd_frame_read(&frame, lanes->service, job->asker.is_local, job->request.bytes, job->request.length);
      bsd_frame_answer(&frame, lanes->service, &job->reply);
    }
    job->counted = job->reply.length;
    bsd_count(bsd_service_waiting(lanes->service), job->counted);
    give_back(lanes, job);
  }
}

void bsd_job_taken(struct bsd_job *job) {
  bsd_uncount(bsd_service_waiting(job->service), job->counted);
  job->counted = 0;
}

/* On the thread of the loop that it came from. */
static void end(struct bsd_letter *letter) {
  struct bsd_job *job = (struct bsd_job *)(void *)((char *)letter - offsetof(struct bsd_job, letter));

  if (!atomic_load(&job->is_dropped)) job->asker.done(job, job->asker.user);
  bsd_job_taken(job);
  bsd_job_free(job);
}

bool bsd_lanes_open(struct bsd_lanes **ret_lanes, struct bsd_service *service, struct bs_error *error) {
  struct bsd_lanes *lanes = calloc(1, sizeof *lanes);

  if (lanes == NULL) return bs_fail_memory(error);
  lanes->service = service;
  pthread_mutex_init(&lanes->mutex, NULL);
  pthread_cond_init(&lanes->quiet, NULL);
  *ret_lanes = lanes;
  return true;
}

static void count_job(const struct bsd_job *job, uint64_t key, size_t *all, size_t *of_one) {
  if (atomic_load(&job->is_dropped)) return;
  ++*all;
  if (key != 0 && job->asker.key == key) ++*of_one;
}

/* Under the mutex. */
static bool has_room(const struct bsd_lanes *lanes, enum bsd_lane lane, uint64_t key, struct bs_error *error) {
  size_t all = 0, of_one = 0;

  for (const struct bsd_job *job = lanes->waiting[lane]; job != NULL; job = job->next) count_job(job, key, &all, &of_one);
  if (lanes->running[lane] != NULL) count_job(lanes->running[lane], key, &all, &of_one);
  if (of_one >= bounds[lane].of_one)
    return bs_fail(error, BS_WORD_no_names, "The server is busy with %zu requests like this of your address; try again later.",
                   of_one);
  return all < bounds[lane].most ||
         bs_fail(error, BS_WORD_no_names, "The server is busy with %zu requests like this; try again later.", all);
}

static bool start(struct bsd_lanes *lanes, enum bsd_lane lane, struct bs_error *error) {
  struct lane_of *which;

  if (lanes->is_running[lane]) return true;
  which = malloc(sizeof *which);
  if (which == NULL) return bs_fail_memory(error);
  *which = (struct lane_of){lanes, lane};
  lanes->is_running[lane] = bs_worker_run(work, which, error);
  if (!lanes->is_running[lane]) free(which);
  return lanes->is_running[lane];
}

struct bsd_job *bsd_lanes_run(struct bsd_lanes *lanes, enum bsd_lane lane, const struct bsd_asker *asker, const void *bytes,
                              size_t length, struct bs_error *error) {
  struct bsd_job *job;
  BS_LOCKED(&lanes->mutex);

  if (!has_room(lanes, lane, asker->key, error)) return NULL;
  job = calloc(1, sizeof *job);
  if (job == NULL) {
    bs_fail_memory(error);
    return NULL;
  }
  bs_buffer_add(&job->request, bytes, length);
  if (!bs_buffer_ok(&job->request, error) || !start(lanes, lane, error)) {
    bsd_job_free(job);
    return NULL;
  }
  job->letter.open = end;
  job->service = lanes->service;
  job->lane = lane;
  job->asker = *asker;
  put(lanes, job);
  bsd_count(&lanes->service->metrics.lane_waiting[lane], 1);
  return job;
}

void bsd_lanes_drop(struct bsd_lanes *lanes, struct bsd_job *job) {
  BS_LOCKED(&lanes->mutex);

  atomic_store(&job->is_dropped, true);
  if (job->lane == BSD_NODE && lanes->running[job->lane] == job) bs_scope_cancel(lanes->service->scope[job->lane]);
}

static void begin_end(struct bsd_lanes *lanes) {
  BS_LOCKED(&lanes->mutex);

  lanes->is_ending = true;
  bs_scopes_cancel(&lanes->service->scopes);
}

static void drop_all(struct bsd_job **waiting) {
  struct bsd_job *job;

  while ((job = take(waiting)) != NULL) bsd_job_free(job);
}

static void wait_until_quiet(struct bsd_lanes *lanes) {
  BS_LOCKED(&lanes->mutex);

  for (size_t i = 0; i < BSD_LANES; i++) {
    drop_all(&lanes->waiting[i]);
    while (lanes->is_running[i]) pthread_cond_wait(&lanes->quiet, &lanes->mutex);
  }
}

void bsd_lanes_close(struct bsd_lanes *lanes) {
  if (lanes == NULL) return;
  begin_end(lanes);
  wait_until_quiet(lanes);
  bs_workers_rest();
  pthread_cond_destroy(&lanes->quiet);
  pthread_mutex_destroy(&lanes->mutex);
  free(lanes);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/mailbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/auto.h"

struct bsd_mailbox {
  int bell; /* eventfd: there is something in it */
  struct event *event;
  pthread_mutex_t mutex; /* what follows, and `next` and `is_waiting` of the letters */
  struct bsd_letter *first, **end;
};

static struct bsd_letter *take(struct bsd_mailbox *mailbox) {
  struct bsd_letter *letter;
  BS_LOCKED(&mailbox->mutex);

  letter = mailbox->first;
  if (letter == NULL) return NULL;
  mailbox->first = letter->next;
  if (mailbox->first == NULL) mailbox->end = &mailbox->first;
  letter->is_waiting = false;
  return letter;
}

static void open_all(struct bsd_mailbox *mailbox) {
  struct bsd_letter *letter;

  while ((letter = take(mailbox)) != NULL) letter->open(letter);
}

static void hear(evutil_socket_t fd, short what, void *user) {
  uint64_t count;

  (void)what;
  while (read(fd, &count, sizeof count) < 0 && errno == EINTR) continue;
  open_all(user);
}

bool bsd_mailbox_open(struct bsd_mailbox **ret_mailbox, struct event_base *base, struct bs_error *error) {
  struct bsd_mailbox *mailbox = calloc(1, sizeof *mailbox);

  if (mailbox == NULL) return bs_fail_memory(error);
  mailbox->end = &mailbox->first;
  pthread_mutex_init(&mailbox->mutex, NULL);
  mailbox->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  mailbox->event = mailbox->bell < 0 ? NULL : event_new(base, mailbox->bell, EV_READ | EV_PERSIST, hear, mailbox);
  if (mailbox->event == NULL || event_add(mailbox->event, NULL) != 0) {
    bsd_mailbox_close(mailbox);
    return bs_fail(error, BS_WORD_failed, "What threads tell each other could not be prepared.");
  }
  *ret_mailbox = mailbox;
  return true;
}

void bsd_mailbox_put(struct bsd_mailbox *mailbox, struct bsd_letter *letter) {
  static const uint64_t one = 1;
  BS_LOCKED(&mailbox->mutex);

  if (letter->is_waiting) return;
  letter->is_waiting = true;
  letter->next = NULL;
  *mailbox->end = letter;
  mailbox->end = &letter->next;
  while (write(mailbox->bell, &one, sizeof one) < 0 && errno == EINTR) continue;
}

void bsd_mailbox_close(struct bsd_mailbox *mailbox) {
  if (mailbox == NULL) return;
  open_all(mailbox);
  if (mailbox->event != NULL) event_free(mailbox->event);
  if (mailbox->bell >= 0) close(mailbox->bell);
  pthread_mutex_destroy(&mailbox->mutex);
  free(mailbox);
}

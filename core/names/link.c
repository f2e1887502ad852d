/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/worker.h"
#include "core/codec/netstring.h"

#define CANNOT "cannot be reached: %s"
#define CHUNK (64u << 10) /* bytes that are read at once */

struct bs_link {
  int fd;
  size_t used, waiting;
  bool has_ended, has_answered; /* in this exchange */
  bool is_refused;              /* the other side takes no more: it may have said why */
  struct bs_buffer frame, in;
};

/* ---- waiting ---- */

static int poll_ms(const struct bs_patience *patience) {
  uint64_t now = bs_clock_monotonic_ms(), left = patience->until_ms > now ? patience->until_ms - now : 0;

  if (patience->scope != NULL && bs_scope_time_left(patience->scope) < left) left = bs_scope_time_left(patience->scope);
  return left > 3600000 ? 3600000 : (int)left;
}

static bool fail_slow(const struct bs_patience *patience, struct bs_error *error) {
  if (patience->scope != NULL && !bs_scope_check(patience->scope, error)) return false;
  return bs_fail(error, BS_WORD_no_names, "did not answer in time");
}

static bool wait_for(int fd, short events, const struct bs_patience *patience, struct bs_error *error) {
  struct pollfd watched[] = {{fd, events, 0}, {patience->scope == NULL ? -1 : patience->scope->fd, POLLIN, 0}};

  for (;;) {
    int timeout = poll_ms(patience), ready = poll(watched, 2, timeout);

    if (ready < 0 && errno != EINTR) return bs_fail_errno(error, "cannot be waited for");
    if (patience->scope != NULL && bs_scope_cancelled(patience->scope)) return bs_scope_check(patience->scope, error);
    if (ready > 0 && watched[0].revents != 0) return true;
    if (timeout == 0) return fail_slow(patience, error);
  }
}

/* ---- finding a host ---- */

/* Shared by who asks and by the worker; the last one of them frees it. */
struct search {
  atomic_int references;
  atomic_bool is_done;
  int event; /* readable once it is done */
  char host[BS_SERVER_HOST_MAX + 1];
  char port[6];
  int flags;
  int result;
  struct addrinfo *found;
};

/* gcc's analyzer does not see that of two who let go only the second frees. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-use-after-free"
#endif
static void release(struct search *search) {
  if (atomic_fetch_sub(&search->references, 1) != 1) return;
  if (search->found != NULL) freeaddrinfo(search->found);
  if (search->event >= 0) close(search->event);
  free(search);
}

static void release_search(struct search **search) {
  if (*search != NULL) release(*search);
}

static void look_up(struct search *search) {
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = search->flags};

  search->result = getaddrinfo(search->host, search->port, &hints, &search->found);
  if (search->result != 0) search->found = NULL;
  atomic_store(&search->is_done, true);
}

static void look_up_apart(void *user) {
  struct search *search = user;
  const uint64_t one = 1;

  look_up(search);
  if (write(search->event, &one, sizeof one) < 0) search->flags = 0; /* nobody waits then: there is nothing to do */
  release(search);
}

static struct search *new_search(const struct bs_server_address *address) {
  struct search *search = calloc(1, sizeof *search);

  if (search == NULL) return NULL;
  atomic_init(&search->references, 1);
  search->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  snprintf(search->host, sizeof search->host, "%s", address->host);
  snprintf(search->port, sizeof search->port, "%u", (unsigned)address->port);
  if (search->event >= 0) return search;
  release(search);
  return NULL;
}

static struct search *keep(struct search **search) {
  struct search *kept = *search;

  *search = NULL;
  return kept;
}

/* Literal addresses need no thread.  NULL: not found, or not in time. */
static struct search *find_host(const struct bs_server_address *address, const struct bs_patience *patience,
                                struct bs_error *error) {
  struct search *search BS_AUTO(release_search) = new_search(address);

  if (search == NULL) {
    bs_fail_memory(error);
    return NULL;
  }
  search->flags = AI_NUMERICHOST | AI_NUMERICSERV;
  look_up(search);
  if (search->result == EAI_NONAME) {
    search->flags = AI_NUMERICSERV | AI_ADDRCONFIG;
    atomic_store(&search->is_done, false);
    atomic_fetch_add(&search->references, 1);
    if (!bs_worker_run(look_up_apart, search, error)) {
      release(search);
      return NULL;
    }
    while (!atomic_load(&search->is_done))
      if (!wait_for(search->event, POLLIN, patience, error)) return NULL;
  }
  if (search->result == 0) return keep(&search);
  bs_fail(error, BS_WORD_no_names, "cannot be found: %s", gai_strerror(search->result));
  return NULL;
}

/* ---- connecting ---- */

static bool finish(int fd, const struct bs_patience *patience, struct bs_error *error) {
  int fault = 0;
  socklen_t size = sizeof fault;

  if (!wait_for(fd, POLLOUT, patience, error)) return false;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0) fault = errno;
  return fault == 0 || bs_fail(error, BS_WORD_no_names, CANNOT, strerrordesc_np(fault));
}

static bool connect_to(int *ret_fd, const struct sockaddr *address, socklen_t size, const struct bs_patience *patience,
                       struct bs_error *error) {
  const int one = 1;
  int fd BS_AUTO_CLOSE = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0) return bs_fail(error, BS_WORD_no_names, CANNOT, strerrordesc_np(errno));
  if (address->sa_family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, address, size) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) return bs_fail(error, BS_WORD_no_names, CANNOT, strerrordesc_np(errno));
    if (!finish(fd, patience, error)) return false;
  }
  *ret_fd = fd;
  fd = -1;
  return true;
}

static bool connect_path(int *ret_fd, const char *path, const struct bs_patience *patience, struct bs_error *error) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  memcpy(address.sun_path, path, strlen(path) + 1);
  return connect_to(ret_fd, (const struct sockaddr *)&address, sizeof address, patience, error);
}

/* One address after the other; all but the last get half of the time that is left. */
static bool connect_host(int *ret_fd, const struct bs_server_address *address, const struct bs_patience *patience,
                         struct bs_error *error) {
  struct search *search BS_AUTO(release_search) = find_host(address, patience, error);
  const struct addrinfo *at = search == NULL ? NULL : search->found;

  for (; at != NULL; at = at->ai_next) {
    uint64_t now = bs_clock_monotonic_ms();
    struct bs_patience share = *patience;

    *error = (struct bs_error){0};
    if (at->ai_next != NULL && share.until_ms > now) share.until_ms = now + (share.until_ms - now) / 2;
    if (connect_to(ret_fd, at->ai_addr, at->ai_addrlen, &share, error)) return true;
    if (error->word != BS_WORD_no_names) return false;
  }
  return false;
}

bool bs_link_open(struct bs_link **ret_link, const struct bs_server_address *address, const struct bs_patience *patience,
                  struct bs_error *error) {
  struct bs_link *link;
  int fd;

  if (!(address->host[0] == '\0' ? connect_path(&fd, address->path, patience, error)
                                 : connect_host(&fd, address, patience, error)))
    return false;
  link = calloc(1, sizeof *link);
  if (link == NULL) {
    close(fd);
    return bs_fail_memory(error);
  }
  link->fd = fd;
  *ret_link = link;
  return true;
}

void bs_link_close(struct bs_link *link) {
  if (link == NULL) return;
  close(link->fd);
  bs_buffer_free(&link->frame);
  bs_buffer_free(&link->in);
  free(link);
}

size_t bs_link_used(const struct bs_link *link) {
  return link->used;
}

size_t bs_link_waiting(const struct bs_link *link) {
  return link->waiting;
}

bool bs_link_has_ended(const struct bs_link *link) {
  return link->has_ended;
}

bool bs_link_is_over(const struct bs_link *link) {
  struct pollfd watched = {link->fd, POLLIN, 0};

  return poll(&watched, 1, 0) != 0;
}

/* ---- frames ---- */

static void note_end(struct bs_link *link) {
  link->has_ended = link->in.length == 0 && !link->has_answered;
}

/* The system said so by errno, or by an end. */
static bool fail_ended(struct bs_link *link, struct bs_error *error) {
  note_end(link);
  return bs_fail(error, BS_WORD_no_names, CANNOT, strerrordesc_np(errno));
}

/* What is there; *ret_more false: nothing yet. */
static bool take_some(struct bs_link *link, bool *ret_more, struct bs_error *error) {
  unsigned char *room = bs_buffer_extend(&link->in, CHUNK);
  ssize_t count = room == NULL ? 0 : recv(link->fd, room, CHUNK, 0);

  if (room == NULL) return bs_fail_memory(error);
  link->in.length -= CHUNK - (size_t)(count > 0 ? count : 0);
  *ret_more = count > 0;
  if (count > 0) return true;
  if (count < 0) return errno == EAGAIN || errno == EINTR || fail_ended(link, error);
  note_end(link);
  return bs_fail(error, BS_WORD_no_names, link->in.length == 0 ? "hung up" : "hung up in the middle of its answer");
}

/* Replies to what was sent before are taken meanwhile: who must wait with his reads nothing. */
static bool wait_to_send(struct bs_link *link, const struct bs_patience *patience, struct bs_error *error) {
  bool more;

  if (link->waiting == 0) return wait_for(link->fd, POLLOUT, patience, error);
  return wait_for(link->fd, POLLOUT | POLLIN, patience, error) && take_some(link, &more, error);
}

static bool send_all(struct bs_link *link, const struct bs_patience *patience, struct bs_error *error) {
  size_t sent = 0;

  while (sent < link->frame.length) {
    ssize_t count = send(link->fd, link->frame.bytes + sent, link->frame.length - sent, MSG_NOSIGNAL);

    if (count >= 0) {
      sent += (size_t)count;
    } else if (errno == EAGAIN) {
      if (!wait_to_send(link, patience, error)) return false;
    } else if (errno != EINTR) {
      link->is_refused = errno == EPIPE || errno == ECONNRESET;
      return fail_ended(link, error);
    }
  }
  return true;
}

/* Some bytes more. */
static bool receive_some(struct bs_link *link, const struct bs_patience *patience, struct bs_error *error) {
  bool more = false;

  while (take_some(link, &more, error))
    if (more || !wait_for(link->fd, POLLIN, patience, error)) return more;
  return false;
}

static bool take_frame(struct bs_link *link, struct bs_buffer *reply, const struct bs_netstring *frame, struct bs_error *error) {
  if (link->waiting == 1 && frame->total != link->in.length)
    return bs_fail(error, BS_WORD_malformed, "sent bytes behind its answer that nobody asked for");
  bs_buffer_clear(reply);
  bs_buffer_add(reply, frame->payload, frame->length);
  memmove(link->in.bytes, link->in.bytes + frame->total, link->in.length - frame->total);
  link->in.length -= frame->total;
  link->waiting--;
  link->has_answered = true;
  return bs_buffer_ok(reply, error);
}

bool bs_link_receive(struct bs_link *link, struct bs_buffer *ret_reply, const struct bs_patience *patience,
                     struct bs_error *error) {
  struct bs_netstring frame;

  for (;;) {
    switch (bs_netstring_decode(&frame, link->in.bytes, link->in.length, BS_LINK_REPLY_MAX)) {
      case BS_NETSTRING_WHOLE: return take_frame(link, ret_reply, &frame, error);
      case BS_NETSTRING_MALFORMED: return bs_fail(error, BS_WORD_malformed, "sent an answer that is no netstring");
      case BS_NETSTRING_TOO_LARGE:
        return bs_fail(error, BS_WORD_malformed, "announced an answer of more than %u bytes", BS_LINK_REPLY_MAX);
      case BS_NETSTRING_PARTIAL: break;
    }
    if (!receive_some(link, patience, error)) return false;
  }
}

bool bs_link_send(struct bs_link *link, const struct bs_buffer *payload, const struct bs_patience *patience,
                  struct bs_error *error) {
  if (link->waiting == 0) {
    link->used++;
    link->has_ended = link->has_answered = link->is_refused = false;
    bs_buffer_clear(&link->in);
  }
  bs_buffer_clear(&link->frame);
  bs_netstring_encode(&link->frame, payload->bytes, payload->length);
  if (!bs_buffer_ok(&link->frame, error) || !send_all(link, patience, error)) return false;
  link->waiting++;
  return true;
}

bool bs_link_exchange(struct bs_link *link, struct bs_buffer *ret_reply, const struct bs_buffer *payload,
                      const struct bs_patience *patience, struct bs_error *error) {
  struct bs_error unsaid = {0};

  if (bs_link_send(link, payload, patience, error)) return bs_link_receive(link, ret_reply, patience, error);
  if (!link->is_refused) return false;
  link->waiting++; /* it may have said why */
  if (!bs_link_receive(link, ret_reply, patience, &unsaid)) return false;
  *error = (struct bs_error){0};
  return true;
}

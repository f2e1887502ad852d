/* SPDX-License-Identifier: MIT */
/*
 * One connection.  Its requests are taken out of what has arrived as long as nothing stands against it: a request on a lane,
 * replies that its peer has not taken, an allowance that is used up.  Until then no more is read from it either, so that
 * what a peer costs is bounded.
 */
#include <config.h>

#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/codec/netstring.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/json.h"
#include "tools/blockstored/server.h"

#define INPUT_MAX (BSD_FRAME_MAX + 16) /* bytes that are read ahead: the longest frame */
#define TURN_MAX 128                   /* frames that are answered before others have their turn */
#define KEEP_REPLY ((size_t)64 << 10)  /* a larger room for replies is given back; so many go out together */
#define FULL_PAUSE_MS 50               /* until it is looked again whether replies may be made */
#define FULL_PATIENCE_MS 2000          /* for a peer that takes nothing, while they may not */
#define LINGER_MS 2000                 /* for a peer to see why it was left */

enum state {
  PEER_OPEN,
  PEER_LEAVING,  /* no more requests; its replies are still on their way */
  PEER_LINGERING /* all was sent; what still comes is thrown away, so that no reset overtakes the last reply */
};

struct bsd_peer {
  struct bsd_loop *loop;
  struct bsd_peer *next, *previous;
  struct bufferevent *bev;
  struct bsd_job *job;  /* on a lane; NULL: none */
  struct event *wake;   /* for its allowance, or its next turn; made when first needed */
  enum state state;
  bool has_ended;       /* nothing more will arrive */
  bool is_waiting;      /* for `wake` */
  bool is_refused;      /* one too many */
  uint64_t key;         /* whose allowance it has */
  bool is_local;        /* on this machine */
  uint64_t since_ms;    /* when it came */
  uint64_t busy_ms;     /* when it last sent a whole request, or took a reply */
  uint64_t begun_ms;    /* when the request that is not whole yet began; 0: none */
  uint64_t requests;
  char text[BSD_PEER_TEXT];
};

static void advance(struct bsd_peer *peer);

/* ---- replies that wait ---- */

static size_t output_of(const struct bsd_peer *peer) {
  return evbuffer_get_length(bufferevent_get_output(peer->bev));
}

static void count_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *user) {
  atomic_ullong *waiting = bsd_service_waiting(&((struct bsd_peer *)user)->loop->service);

  (void)buffer;
  bsd_count(waiting, info->n_added);
  bsd_uncount(waiting, info->n_deleted);
}

/* ---- its end ---- */

static void peer_free(struct bsd_peer *peer, const char *why) {
  struct bsd_loop *loop = peer->loop;
  struct bsd_server *server = loop->server;

  if (peer->job != NULL) bsd_lanes_drop(server->lanes, peer->job);
  if (peer->wake != NULL) event_free(peer->wake);
  bsd_uncount(bsd_service_waiting(&loop->service), output_of(peer));
  evbuffer_remove_cb(bufferevent_get_output(peer->bev), count_output, peer);
  bufferevent_free(peer->bev);
  if (peer->next == peer) {
    loop->peers = NULL;
  } else {
    peer->next->previous = peer->previous;
    peer->previous->next = peer->next;
    if (loop->peers == peer) loop->peers = peer->next;
  }
  loop->peer_count--;
  atomic_fetch_sub(&loop->given, 1);
  if (peer->is_refused) server->refused--;
  else bsd_crowd_leave(server->crowd, peer->key);
  if (!peer->is_refused)
    BSD_JOURNAL_OFTEN(BS_LOG_INFO, "closed", BSD_TEXT("peer", peer->text), BSD_TEXT("why", why),
                      BSD_NUMBER("requests", peer->requests),
                      BSD_NUMBER("milliseconds", bs_clock_monotonic_ms() - peer->since_ms));
  free(peer);
  bsd_loop_left(loop);
}

/* Everything was sent: the peer sees the end, and may still be sending. */
static void linger(struct bsd_peer *peer) {
  peer->state = PEER_LINGERING;
  peer->busy_ms = bs_clock_monotonic_ms();
  shutdown(bufferevent_getfd(peer->bev), SHUT_WR);
  if (peer->has_ended) {
    peer_free(peer, "ended");
    return;
  }
  evbuffer_drain(bufferevent_get_input(peer->bev), SIZE_MAX);
  bufferevent_enable(peer->bev, EV_READ);
}

/* No more requests are taken; ends when what is owed was sent. */
static void leave(struct bsd_peer *peer) {
  if (peer->state == PEER_OPEN) peer->state = PEER_LEAVING;
  if (peer->job == NULL && output_of(peer) == 0) linger(peer);
}

/* ---- replies ---- */

static void clear_room(struct bs_buffer *room) {
  if (room->capacity > 2 * KEEP_REPLY) bs_buffer_free(room);
  else bs_buffer_clear(room);
}

/* What the socket takes goes at once, without an event; of what is wrong with it the loop hears when it sends the rest.  False:
 * there was no memory. */
static bool send_bytes(struct bsd_peer *peer, const unsigned char *bytes, size_t length) {
  struct evbuffer *output = bufferevent_get_output(peer->bev);
  ssize_t sent = 0;

  if (length > 0 && output_of(peer) == 0)
    sent = send(bufferevent_getfd(peer->bev), bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) sent = 0;
  return (size_t)sent == length || evbuffer_add(output, bytes + sent, length - (size_t)sent) == 0;
}

/* The replies that were collected.  False: there was no memory, also before. */
static bool send_replies(struct bsd_peer *peer) {
  struct bs_buffer *replies = &peer->loop->replies;
  bool good = !replies->failed && send_bytes(peer, replies->bytes, replies->length);

  clear_room(replies);
  return good;
}

/* Behind those that were collected; a long one does not stand there twice.  False, as above: nothing more goes to this peer. */
static bool add_reply(struct bsd_peer *peer, const struct bs_buffer *reply) {
  struct bs_buffer *replies = &peer->loop->replies;
  size_t before = replies->length, most = (size_t)peer->loop->server->settings->output;

  if (reply->failed) {
    clear_room(replies);
    return false;
  }
  bs_buffer_decimal(replies, reply->length);
  bs_buffer_byte(replies, ':');
  bsd_count(&peer->loop->service.metrics.bytes_out, replies->length - before + reply->length + 1);
  if (reply->length < KEEP_REPLY) bs_buffer_add(replies, reply->bytes, reply->length);
  else if (!send_replies(peer) || !send_bytes(peer, reply->bytes, reply->length)) return false;
  bs_buffer_byte(replies, ',');
  return replies->length < (most < KEEP_REPLY ? most : KEEP_REPLY) || send_replies(peer);
}

static bool send_reply(struct bsd_peer *peer, const struct bs_buffer *reply) {
  return add_reply(peer, reply) && send_replies(peer);
}

static void add_fault(struct bsd_peer *peer, const char *sentence) {
  struct bs_buffer *reply = &peer->loop->reply;

  bsd_fault_write(reply, BSD_FAILURE, sentence);
  add_reply(peer, reply);
  clear_room(reply);
}

/* ---- requests ---- */

static void lane_done(struct bsd_job *job, void *user) {
  struct bsd_peer *peer = user;
  bool good = send_reply(peer, &job->reply);

  bsd_job_taken(job);
  peer->job = NULL;
  peer->busy_ms = bs_clock_monotonic_ms();
  if (!good) {
    peer_free(peer, "memory");
    return;
  }
  if (peer->state == PEER_OPEN) advance(peer);
  else leave(peer);
}

/* False: there was no memory, and the peer has to go. */
static bool answer_frame(struct bsd_peer *peer, const struct bs_netstring *netstring) {
  struct bsd_loop *loop = peer->loop;
  struct bsd_server *server = loop->server;
  struct bsd_frame frame;
  struct bs_error error = {0};
  bool good;

  bsd_frame_read(&frame, &loop->service, peer->is_local, netstring->payload, netstring->length);
  peer->requests += frame.requests;
  bsd_allowance_charge(server->allowance, peer->key, frame.cost - 1);
  if (frame.lane != BSD_AT_ONCE && frame.is_json) {
    const struct bsd_asker asker = {peer->key, peer->is_local, loop->mailbox, lane_done, peer, frame.cost};

    peer->job = bsd_lanes_run(server->lanes, frame.lane, &asker, netstring->payload, netstring->length, &error);
    if (peer->job != NULL) return true;
    bsd_frame_refuse(&frame, &error, &loop->reply);
  } else {
    bsd_loop_hold(loop);
    bsd_frame_answer(&frame, &loop->service, &loop->reply);
  }
  good = add_reply(peer, &loop->reply);
  clear_room(&loop->reply);
  return good;
}

static void wake(evutil_socket_t fd, short what, void *user) {
  struct bsd_peer *peer = user;

  (void)fd, (void)what;
  peer->is_waiting = false;
  if (peer->state == PEER_OPEN) advance(peer);
}

static void wait_for(struct bsd_peer *peer, uint32_t milliseconds) {
  const struct timeval time = {milliseconds / 1000, (suseconds_t)(milliseconds % 1000) * 1000};

  if (peer->wake == NULL) peer->wake = event_new(peer->loop->base, -1, 0, wake, peer);
  peer->is_waiting = peer->wake != NULL && event_add(peer->wake, &time) == 0;
}

/* May the next request be answered? */
static bool may_go_on(struct bsd_peer *peer) {
  return peer->state == PEER_OPEN && peer->job == NULL && !peer->is_waiting &&
         output_of(peer) < (size_t)peer->loop->server->settings->output;
}

static void malformed(struct bsd_peer *peer, enum bs_netstring_state state) {
  char sentence[160];

  snprintf(sentence, sizeof sentence, "%s",
           state == BS_NETSTRING_TOO_LARGE
               ? "The frame is too large: a request has at most 8,192 bytes, one of broadcast_transaction 131,072."
               : "This is no netstring: the length in decimal digits without a leading zero, a colon, as many bytes, a comma.");
  bsd_count(&peer->loop->service.metrics.frames_malformed, 1);
  BSD_JOURNAL_OFTEN(BS_LOG_WARNING, "malformed", BSD_TEXT("peer", peer->text),
                    BSD_TEXT("why", state == BS_NETSTRING_TOO_LARGE ? "too large" : "no netstring"));
  add_fault(peer, sentence);
}

enum step { STEP_AGAIN, STEP_PARTIAL, STEP_LEFT, STEP_GONE };

/* One frame at the beginning of the bytes; *used: of them. */
static enum step step(struct bsd_peer *peer, const unsigned char *bytes, size_t length, size_t *used, uint64_t now_ms) {
  struct bs_netstring netstring;
  enum bs_netstring_state state = bs_netstring_decode(&netstring, bytes, length, BSD_FRAME_MAX);
  uint32_t wait_ms;

  if (state == BS_NETSTRING_PARTIAL) return STEP_PARTIAL;
  if (state != BS_NETSTRING_WHOLE) {
    malformed(peer, state);
    return STEP_LEFT;
  }
  if (!bsd_allowance_take(peer->loop->server->allowance, &wait_ms, peer->key, now_ms)) {
    bsd_count(&peer->loop->service.metrics.throttled, 1);
    wait_for(peer, wait_ms);
    return STEP_AGAIN;
  }
  *used = netstring.total;
  peer->busy_ms = now_ms;
  return answer_frame(peer, &netstring) ? STEP_AGAIN : STEP_GONE;
}

/* What is left is the beginning of a request, or nothing. */
static void note_partial(struct bsd_peer *peer, size_t left, uint64_t now_ms) {
  if (left == 0) peer->begun_ms = 0;
  else if (peer->begun_ms == 0) peer->begun_ms = now_ms;
}

static void settle(struct bsd_peer *peer, bool is_partial) {
  bool reads;

  if (peer->has_ended && is_partial) {
    leave(peer);
    return;
  }
  reads = (bufferevent_get_enabled(peer->bev) & EV_READ) != 0;
  if (may_go_on(peer) && !peer->has_ended) {
    if (!reads) bufferevent_enable(peer->bev, EV_READ);
  } else if (reads) {
    bufferevent_disable(peer->bev, EV_READ);
  }
}

static void advance(struct bsd_peer *peer) {
  struct evbuffer *input = bufferevent_get_input(peer->bev);
  size_t length = evbuffer_get_length(input), used = 0;
  const unsigned char *bytes = length == 0 ? NULL : evbuffer_pullup(input, -1);
  uint64_t now_ms = bs_clock_monotonic_ms();
  enum step next = STEP_AGAIN;

  if (length > 0 && bytes == NULL) {
    peer_free(peer, "memory");
    return;
  }
  for (int i = 0; may_go_on(peer) && next == STEP_AGAIN; i++) {
    size_t of_frame = 0;

    if (i == TURN_MAX || (used < length && bsd_service_is_full(&peer->loop->service))) {
      wait_for(peer, i == TURN_MAX ? 0 : FULL_PAUSE_MS);
      break;
    }
    next = used < length ? step(peer, bytes + used, length - used, &of_frame, now_ms) : STEP_PARTIAL;
    used += of_frame;
    if (of_frame > 0) peer->begun_ms = 0;
  }
  if (!send_replies(peer) || next == STEP_GONE) {
    peer_free(peer, "memory");
    return;
  }
  evbuffer_drain(input, used);
  if (next == STEP_LEFT) {
    leave(peer);
    return;
  }
  note_partial(peer, next == STEP_PARTIAL ? length - used : 0, now_ms);
  settle(peer, next == STEP_PARTIAL);
}

/* ---- events ---- */

static void read_event(struct bufferevent *bev, void *user) {
  struct bsd_peer *peer = user;

  if (peer->state != PEER_OPEN) {
    evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
    return;
  }
  if (peer->job == NULL && !peer->is_waiting) advance(peer);
}

/* All that waited was taken. */
static void write_event(struct bufferevent *bev, void *user) {
  struct bsd_peer *peer = user;

  peer->busy_ms = bs_clock_monotonic_ms();
  if (peer->state == PEER_LEAVING) {
    leave(peer);
    return;
  }
  if (peer->state != PEER_OPEN || peer->job != NULL || peer->is_waiting) return;
  if (peer->has_ended || evbuffer_get_length(bufferevent_get_input(bev)) > 0) advance(peer);
  else bufferevent_enable(bev, EV_READ);
}

static void other_event(struct bufferevent *bev, short what, void *user) {
  struct bsd_peer *peer = user;

  (void)bev;
  if ((what & BEV_EVENT_EOF) == 0 || peer->state == PEER_LINGERING) {
    peer_free(peer, (what & BEV_EVENT_EOF) != 0 ? "ended" : "broken");
    return;
  }
  peer->has_ended = true; /* what it asked before is answered */
  if (peer->state == PEER_OPEN && peer->job == NULL && !peer->is_waiting) advance(peer);
}

static void count_read(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *user) {
  struct bsd_peer *peer = user;

  (void)buffer;
  if (info->n_added > 0) bsd_count(&peer->loop->service.metrics.bytes_in, info->n_added);
}

/* ---- its beginning ---- */

/* A peer that is gone without a word is noticed within some two minutes. */
static void set_socket(evutil_socket_t fd, int family) {
  static const int one = 1, idle = 60, interval = 15, count = 4, patience_ms = 60000;

  if (family != AF_INET && family != AF_INET6) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
}

static void join_ring(struct bsd_loop *loop, struct bsd_peer *peer) {
  if (loop->peers == NULL) {
    loop->peers = peer->next = peer->previous = peer;
  } else {
    peer->next = loop->peers;
    peer->previous = loop->peers->previous;
    peer->previous->next = peer->next->previous = peer;
  }
  loop->peer_count++;
}

static bool open_peer(struct bsd_peer *peer, evutil_socket_t fd) {
  peer->bev = bufferevent_socket_new(peer->loop->base, fd, BEV_OPT_CLOSE_ON_FREE);
  if (peer->bev == NULL) return false;
  bufferevent_setcb(peer->bev, read_event, write_event, other_event, peer);
  bufferevent_setwatermark(peer->bev, EV_READ, 0, INPUT_MAX);
  evbuffer_add_cb(bufferevent_get_input(peer->bev), count_read, peer);
  evbuffer_add_cb(bufferevent_get_output(peer->bev), count_output, peer);
  return bufferevent_enable(peer->bev, EV_READ | EV_WRITE) == 0;
}

static struct bsd_peer *peer_new(struct bsd_loop *loop, evutil_socket_t fd, const struct sockaddr *address) {
  struct bsd_peer *peer = calloc(1, sizeof *peer);

  if (peer == NULL) {
    close(fd);
    return NULL;
  }
  peer->loop = loop;
  peer->key = bsd_allowance_key(address);
  peer->is_local = bsd_allowance_is_local(address);
  peer->since_ms = peer->busy_ms = bs_clock_monotonic_ms();
  bsd_peer_text(peer->text, address);
  set_socket(fd, address->sa_family);
  if (open_peer(peer, fd)) return peer;
  if (peer->bev != NULL) bufferevent_free(peer->bev);
  else close(fd);
  free(peer);
  return NULL;
}

/* One too many hears so, and is waited for, as those of 2015 have sent a request by then; but not many at once. */
static void refuse(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, enum bsd_entry why) {
  struct bsd_peer *peer = NULL;

  bsd_server_note_refused(server, "rpc", address, why);
  if (server->refused < BSD_REFUSED_MAX) peer = peer_new(server->first, fd, address);
  else close(fd);
  if (peer == NULL) return;
  peer->is_refused = true;
  server->refused++;
  atomic_fetch_add(&server->first->given, 1);
  join_ring(server->first, peer);
  add_fault(peer, bsd_full_text(why));
  send_replies(peer);
  leave(peer);
}

/* For one that has entered, and that the loop was given, there was no memory. */
static void give_up(struct bsd_loop *loop, uint64_t key) {
  atomic_fetch_sub(&loop->given, 1);
  bsd_crowd_leave(loop->server->crowd, key);
}

/* On the loop's thread. */
static void welcome(struct bsd_loop *loop, evutil_socket_t fd, const struct sockaddr *address) {
  struct bsd_peer *peer = peer_new(loop, fd, address);

  if (peer == NULL) {
    give_up(loop, bsd_allowance_key(address));
    return;
  }
  join_ring(loop, peer);
  bsd_count(&loop->service.metrics.connections_total, 1);
}

/* A socket on its way to another loop. */
struct newcomer {
  struct bsd_letter letter;
  struct bsd_loop *loop;
  evutil_socket_t fd;
  struct sockaddr_storage address;
};

static void open_newcomer(struct bsd_letter *letter) {
  struct newcomer *newcomer = (struct newcomer *)(void *)((char *)letter - offsetof(struct newcomer, letter));

  welcome(newcomer->loop, newcomer->fd, (const struct sockaddr *)&newcomer->address);
  free(newcomer);
}

static void send_newcomer(struct bsd_loop *loop, evutil_socket_t fd, const struct sockaddr *address, size_t length) {
  struct newcomer *newcomer = calloc(1, sizeof *newcomer);

  if (newcomer == NULL) {
    close(fd);
    give_up(loop, bsd_allowance_key(address));
    return;
  }
  newcomer->letter.open = open_newcomer;
  newcomer->loop = loop;
  newcomer->fd = fd;
  memcpy(&newcomer->address, address, length < sizeof newcomer->address ? length : sizeof newcomer->address);
  bsd_mailbox_put(loop->mailbox, &newcomer->letter);
}

/* That has the fewest. */
static struct bsd_loop *choose_loop(const struct bsd_server *server) {
  struct bsd_loop *chosen = server->first;

  for (size_t i = 1; i < server->loop_count; i++)
    if (atomic_load(&server->loops[i]->given) < atomic_load(&chosen->given)) chosen = server->loops[i];
  return chosen;
}

void bsd_peer_accept(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, int length) {
  enum bsd_entry entry = bsd_crowd_enter(server->crowd, bsd_allowance_key(address));
  struct bsd_loop *loop;

  if (entry != BSD_ENTERED) {
    refuse(server, fd, address, entry);
    return;
  }
  loop = choose_loop(server);
  atomic_fetch_add(&loop->given, 1);
  if (loop == server->first) welcome(loop, fd, address);
  else send_newcomer(loop, fd, address, (size_t)length);
}

/* ---- all of them ---- */

/* While it waits for us nothing is read from it.  One that only sends no more is not gone. */
static bool is_gone(const struct bsd_peer *peer) {
  struct pollfd socket = {bufferevent_getfd(peer->bev), 0, 0};

  return poll(&socket, 1, 0) > 0 && (socket.revents & (POLLERR | POLLHUP)) != 0;
}

/* Why it has to go, or NULL. */
static const char *reason_to_end(struct bsd_peer *peer, uint64_t now_ms) {
  const struct bsd_settings *settings = peer->loop->server->settings;
  struct bsd_metrics *metrics = &peer->loop->service.metrics;
  uint64_t quiet_ms = now_ms > peer->busy_ms ? now_ms - peer->busy_ms : 0;

  if (peer->state == PEER_LINGERING) return quiet_ms >= LINGER_MS ? "ended" : NULL;
  if (peer->job != NULL) return is_gone(peer) ? "gone" : NULL;
  if (output_of(peer) > 0) {
    uint64_t most_ms = (uint64_t)settings->idle_ms;

    /* While no replies may be made, who does not take his goes soon; as many as are in the way. */
    if (most_ms > FULL_PATIENCE_MS && bsd_service_is_full(&peer->loop->service)) most_ms = FULL_PATIENCE_MS;
    if (quiet_ms < most_ms) return NULL;
    bsd_count(&metrics->dropped_slow, 1);
    return "slow";
  }
  if (peer->begun_ms != 0 && now_ms - peer->begun_ms >= (uint64_t)settings->patience_ms) {
    bsd_count(&metrics->dropped_idle, 1);
    return "a request was not finished";
  }
  if (quiet_ms < (uint64_t)settings->idle_ms || peer->is_waiting) return NULL;
  bsd_count(&metrics->dropped_idle, 1);
  return "idle";
}

void bsd_peers_tick(struct bsd_loop *loop, uint64_t now_ms) {
  struct bsd_peer *peer = loop->peers;

  for (size_t left = loop->peer_count; left > 0; left--) {
    struct bsd_peer *next = peer->next;
    const char *why = reason_to_end(peer, now_ms);

    if (why != NULL) peer_free(peer, why);
    peer = next;
  }
}

/* What has reached this machine is still read: then comes the end, as if the peer had said it. */
void bsd_peers_finish(struct bsd_loop *loop) {
  struct bsd_peer *peer = loop->peers;

  for (size_t left = loop->peer_count; left > 0; left--) {
    struct bsd_peer *next = peer->next;

    shutdown(bufferevent_getfd(peer->bev), SHUT_RD);
    peer = next;
  }
}

void bsd_peers_free(struct bsd_loop *loop) {
  while (loop->peers != NULL) peer_free(loop->peers, "stopped");
}

/* SPDX-License-Identifier: MIT */
/* The floor: what libevent itself can do with the same frames, when nothing is looked up and nothing is checked. */
#include <config.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "tools/bench-rpc/bench.h"

static void read_event(struct bufferevent *bev, void *user) {
  (void)user;
  evbuffer_add_buffer(bufferevent_get_output(bev), bufferevent_get_input(bev));
}

static void other_event(struct bufferevent *bev, short what, void *user) {
  (void)what, (void)user;
  bufferevent_free(bev);
}

static void accept_event(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length, void *base) {
  static const int one = 1;
  struct bufferevent *bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

  (void)listener, (void)address, (void)length;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  bufferevent_setcb(bev, read_event, NULL, other_event, NULL);
  bufferevent_enable(bev, EV_READ | EV_WRITE);
}

void bench_echo(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct event_base *base = event_base_new();

  if (evconnlistener_new_bind(base, accept_event, base, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 1024,
                              (struct sockaddr *)&address, sizeof address) == NULL)
    bench_die("listen");
  event_base_dispatch(base);
}

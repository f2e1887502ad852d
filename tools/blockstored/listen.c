/* SPDX-License-Identifier: MIT */
/* Listening sockets: opened here, or handed over by a service manager (LISTEN_FDS). */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/server.h"
#include "tools/blockstored/visitor.h"

#define FIRST_HANDED 3 /* the service manager's first descriptor */
#define HANDED_MAX 64
#define BACKLOG 1024
#define LOCK_TRIES 100 /* of 20 ms each */

void bsd_peer_text(char text[BSD_PEER_TEXT], const struct sockaddr *address) {
  char host[INET6_ADDRSTRLEN];

  snprintf(text, BSD_PEER_TEXT, "unix");
  if (address->sa_family == AF_INET) {
    struct sockaddr_in internet;

    memcpy(&internet, address, sizeof internet);
    if (inet_ntop(AF_INET, &internet.sin_addr, host, sizeof host) != NULL)
      snprintf(text, BSD_PEER_TEXT, "%s:%u", host, ntohs(internet.sin_port));
  } else if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 internet;

    memcpy(&internet, address, sizeof internet);
    if (inet_ntop(AF_INET6, &internet.sin6_addr, host, sizeof host) != NULL)
      snprintf(text, BSD_PEER_TEXT, "[%s]:%u", host, ntohs(internet.sin6_port));
  }
}

/* Takes connections of one side. */
typedef void taker(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, int length);

struct bsd_listener {
  struct bsd_listener *next;
  struct bsd_server *server;
  struct evconnlistener *event;
  taker *take;
  char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* of a unix socket that was made here; "": none */
  dev_t device;
  ino_t inode;
};

/* ---- listeners ---- */

static void accept_event(struct evconnlistener *event, evutil_socket_t fd, struct sockaddr *address, int length, void *user) {
  struct bsd_listener *listener = user;

  (void)event;
  listener->take(listener->server, fd, address, length);
}

/* Out of descriptors: it rests until the next tick. */
static void error_event(struct evconnlistener *event, void *user) {
  (void)user;
  BSD_JOURNAL_OFTEN(BS_LOG_WARNING, "accept", BSD_TEXT("why", strerrordesc_np(errno)));
  evconnlistener_disable(event);
}

static void tell(const char *what, int fd) {
  struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
  socklen_t length = sizeof address;
  char text[BSD_PEER_TEXT] = "?";

  if (getsockname(fd, (struct sockaddr *)&address, &length) == 0) bsd_peer_text(text, (const struct sockaddr *)&address);
  BSD_JOURNAL(BS_LOG_INFO, "listening", BSD_TEXT("side", what), BSD_TEXT("address", text));
}

/* Takes the listening socket over, also when it fails.  path: of a unix socket that was made here; NULL: none. */
static bool add_listener(struct bsd_server *server, taker *take, int fd, const char *path, struct bs_error *error) {
  struct bsd_listener *listener = calloc(1, sizeof *listener);
  struct stat status;

  if (listener != NULL)
    listener->event =
        evconnlistener_new(server->first->base, accept_event, listener, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
  if (listener == NULL || listener->event == NULL) {
    free(listener);
    close(fd);
    return bs_fail_memory(error);
  }
  tell(take == bsd_peer_accept ? "rpc" : "http", fd);
  evconnlistener_set_error_cb(listener->event, error_event);
  listener->server = server;
  listener->take = take;
  if (path != NULL && lstat(path, &status) == 0) {
    snprintf(listener->path, sizeof listener->path, "%s", path);
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
  }
  listener->next = server->listeners;
  server->listeners = listener;
  return true;
}

/* False with errno. */
static bool bind_and_listen(int fd, const struct sockaddr *address, socklen_t length, const char *text, struct bs_error *error) {
  int number;

  if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0) return true;
  number = errno;
  if (number == EADDRINUSE) bs_fail(error, BS_WORD_conflict, "Somebody listens on %s already.", text);
  else bs_fail_errno(error, "%s cannot be listened on", text);
  errno = number;
  return false;
}

/* ---- unix:/PATH ---- */

/* Servers that begin or end at once do so one after the other: the directory is locked, by its descriptor.  Somebody who holds
 * it for long is none of them. */
static int lock_directory(const char *path) {
  static const struct timespec pause = {0, 20000000};
  char *directory BS_AUTO_FREE = bs_file_parent(path);
  int fd = directory == NULL ? -1 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; i++)
    nanosleep(&pause, NULL);
  return fd;
}

/* A socket that nobody listens on any more is left over from who was killed. */
static bool clear_path(const struct sockaddr_un *address, socklen_t length, const char *text, struct bs_error *error) {
  struct stat status;
  int fd BS_AUTO_CLOSE = -1;

  if (lstat(address->sun_path, &status) != 0) return true;
  if (!S_ISSOCK(status.st_mode)) return bs_fail(error, BS_WORD_conflict, "%s is there, and no socket.", address->sun_path);
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect(fd, (const struct sockaddr *)address, length) != 0 && errno == ECONNREFUSED) {
    unlink(address->sun_path);
    return true;
  }
  return bs_fail(error, BS_WORD_conflict, "Somebody listens on %s already.", text);
}

static bool listen_unix(struct bsd_server *server, taker *take, const char *text, const char *path, struct bs_error *error) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int lock BS_AUTO_CLOSE = -1;
  int fd;

  if (path[0] != '/' || strlen(path) >= sizeof address.sun_path)
    return bs_fail(error, BS_WORD_config,
                   "\"%s\" is no address to listen on: unix:/PATH has an absolute path of at most %zu bytes.", text,
                   sizeof address.sun_path - 1);
  memcpy(address.sun_path, path, strlen(path));
  lock = lock_directory(path);
  if (!clear_path(&address, sizeof address, text, error)) return false;
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return bs_fail_errno(error, "A socket could not be made");
  if (!bind_and_listen(fd, (const struct sockaddr *)&address, sizeof address, text, error)) {
    close(fd);
    return false;
  }
  chmod(path, 0666); /* as open as the port of this machine that it stands for */
  return add_listener(server, take, fd, path, error);
}

/* Unless another server has put its own there. */
static void remove_path(const struct bsd_listener *listener) {
  int lock BS_AUTO_CLOSE = lock_directory(listener->path);
  struct stat status;

  (void)lock;
  if (lstat(listener->path, &status) == 0 && status.st_dev == listener->device && status.st_ino == listener->inode)
    unlink(listener->path);
}

/* ---- HOST:PORT ---- */

/* Takes the text apart: HOST:PORT or [ADDRESS]:PORT. */
static bool take_apart(char host[256], char port[8], const char *text) {
  const char *colon = strrchr(text, ':');
  size_t length = colon == NULL ? 0 : (size_t)(colon - text);

  if (length >= 2 && text[0] == '[' && colon[-1] == ']') {
    text++;
    length -= 2;
  } else if (memchr(text, ':', length) != NULL) {
    return false;
  }
  if (length == 0 || length > 255 || strlen(colon + 1) > 5 || strlen(colon + 1) == 0) return false;
  if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || strtol(colon + 1, NULL, 10) > 65535) return false;
  snprintf(host, 256, "%.*s", (int)length, text);
  snprintf(port, 8, "%s", colon + 1);
  return true;
}

/* For port 0: what the first address was given is the others', too.  In network order. */
static void use_port(struct sockaddr *address, in_port_t port) {
  in_port_t *slot = address->sa_family == AF_INET6 ? &((struct sockaddr_in6 *)(void *)address)->sin6_port
                                                   : &((struct sockaddr_in *)(void *)address)->sin_port;

  if (*slot == 0) *slot = port;
}

static in_port_t port_of(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  } address;
  socklen_t length = sizeof address;

  memset(&address, 0, sizeof address);
  if (getsockname(fd, &address.any, &length) != 0) return 0;
  return address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port;
}

/* *ret_is_missing: this machine has no such address. */
static bool listen_at(int *ret_fd, bool *ret_is_missing, const struct addrinfo *one, const char *text, struct bs_error *error) {
  static const int yes = 1;
  int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  *ret_is_missing = false;
  if (fd < 0) {
    *ret_is_missing = errno == EAFNOSUPPORT;
    return bs_fail_errno(error, "A socket could not be made");
  }
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (one->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (bind_and_listen(fd, one->ai_addr, one->ai_addrlen, text, error)) {
    *ret_fd = fd;
    return true;
  }
  *ret_is_missing = errno == EADDRNOTAVAIL;
  close(fd);
  return false;
}

/* Some resolvers tell an address twice. */
static bool was_told(const struct addrinfo *first, const struct addrinfo *one) {
  for (; first != one; first = first->ai_next)
    if (first->ai_addrlen == one->ai_addrlen && memcmp(first->ai_addr, one->ai_addr, one->ai_addrlen) == 0) return true;
  return false;
}

/* On every address of the host; on those that this machine has, if it has some. */
static bool listen_everywhere(struct bsd_server *server, taker *take, const char *text, struct addrinfo *found,
                              struct bs_error *error) {
  struct bs_error first = {0};
  in_port_t port = 0;
  size_t count = 0;

  for (struct addrinfo *one = found; one != NULL; one = one->ai_next) {
    bool is_missing = false;
    struct bs_error why = {0};
    int fd = -1;

    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    use_port(one->ai_addr, port);
    if (was_told(found, one)) continue;
    if (!listen_at(&fd, &is_missing, one, text, &why)) {
      if (first.word == BS_NO_WORD) first = why;
      if (is_missing) continue;
      *error = why;
      return false;
    }
    if (port == 0) port = port_of(fd);
    use_port(one->ai_addr, port);
    if (!add_listener(server, take, fd, NULL, error)) return false;
    count++;
  }
  if (count == 0) *error = first;
  return count > 0;
}

static bool listen_internet(struct bsd_server *server, taker *take, const char *text, struct bs_error *error) {
  static const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  char host[256], port[8];
  struct addrinfo *found;
  int number;
  bool good;

  if (!take_apart(host, port, text))
    return bs_fail(error, BS_WORD_config, "\"%s\" is no address to listen on: HOST:PORT, [ADDRESS]:PORT or unix:/PATH.", text);
  number = getaddrinfo(host, port, &hints, &found);
  if (number != 0) return bs_fail(error, BS_WORD_config, "The address %s cannot be found: %s.", text, gai_strerror(number));
  good = listen_everywhere(server, take, text, found, error);
  freeaddrinfo(found);
  return good;
}

static bool listen_on(struct bsd_server *server, taker *take, const char *text, struct bs_error *error) {
  if (strncmp(text, "unix:", 5) == 0) return listen_unix(server, take, text, text + 5, error);
  return listen_internet(server, take, text, error);
}

/* ---- handed over ---- */

/* A number of the environment; 0 where there is none. */
static long number_of(const char *variable) {
  const char *text = getenv(variable);
  char *end;
  long number;

  if (text == NULL || text[0] < '0' || text[0] > '9') return 0;
  errno = 0;
  number = strtol(text, &end, 10);
  return *end == '\0' && errno == 0 ? number : 0;
}

/* Is the name at this place of LISTEN_FDNAMES "http"? */
static bool is_named_http(const char *names, long place) {
  for (; names != NULL && place > 0; place--) {
    names = strchr(names, ':');
    if (names != NULL) names++;
  }
  return names != NULL && strncmp(names, "http", 4) == 0 && (names[4] == ':' || names[4] == '\0');
}

/* *ret_rpc, *ret_http: which there were. */
static bool take_handed(struct bsd_server *server, bool *ret_rpc, bool *ret_http, struct bs_error *error) {
  long count = number_of("LISTEN_PID") == (long)getpid() ? number_of("LISTEN_FDS") : 0;

  if (count > HANDED_MAX)
    return bs_fail(error, BS_WORD_config, "LISTEN_FDS says %ld sockets; at most %d are taken.", count, HANDED_MAX);
  for (long i = 0; i < count; i++) {
    int fd = FIRST_HANDED + (int)i, listens = 0;
    socklen_t length = sizeof listens;
    bool http = is_named_http(getenv("LISTEN_FDNAMES"), i);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0 || !listens)
      return bs_fail(error, BS_WORD_config, "Descriptor %d, which the service manager handed over, is no listening socket.", fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    *(http ? ret_http : ret_rpc) = true;
    if (!add_listener(server, http ? bsd_visitor_accept : bsd_peer_accept, fd, NULL, error)) return false;
  }
  return true;
}

bool bsd_listen(struct bsd_server *server, struct bs_error *error) {
  const struct bsd_settings *settings = server->settings;
  bool rpc = false, http = false;

  if (!take_handed(server, &rpc, &http, error)) return false;
  for (size_t i = 0; i < settings->listen_count && !rpc; i++)
    if (!listen_on(server, bsd_peer_accept, settings->listen[i], error)) return false;
  return http || strcmp(settings->http, "off") == 0 || listen_on(server, bsd_visitor_accept, settings->http, error);
}

void bsd_listen_again(struct bsd_server *server) {
  for (struct bsd_listener *listener = server->listeners; listener != NULL; listener = listener->next)
    evconnlistener_enable(listener->event);
}

void bsd_listen_end(struct bsd_server *server) {
  for (struct bsd_listener *listener = server->listeners, *next; listener != NULL; listener = next) {
    next = listener->next;
    if (listener->path[0] != '\0') remove_path(listener);
    evconnlistener_free(listener->event);
    free(listener);
  }
  server->listeners = NULL;
}

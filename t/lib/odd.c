/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program: an odd machine.  The host "everywhere.test" has the addresses ::1, 127.0.0.1 (told twice) and
 * 192.0.2.1, which is for documentation and nobody's; "nowhere.test" has the last one alone.  With ODD_LIMITS in the environment
 * no limit can be changed, as under a filter of system calls.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define VISIBLE __attribute__((visibility("default")))

typedef int resolve(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);

VISIBLE int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found) {
  static const char *const addresses[] = {"::1", "127.0.0.1", "127.0.0.1", "192.0.2.1"};
  resolve *resolved;
  size_t first = host != NULL && strcmp(host, "nowhere.test") == 0 ? 3 : 0;

  *(void **)&resolved = dlsym(RTLD_NEXT, "getaddrinfo");
  if (host == NULL || (strcmp(host, "everywhere.test") != 0 && first == 0)) return resolved(host, port, hints, found);
  for (size_t i = first; i < 4; i++) {
    int number = resolved(addresses[i], port, hints, found);

    if (number != 0) return number;
    while (*found != NULL) found = &(*found)->ai_next;
  }
  return 0;
}

typedef int limit(__rlimit_resource_t resource, const struct rlimit *limits);

/* A sanitizer calls it before it is ready itself. */
#define BARE __attribute__((no_sanitize("address"), no_sanitize("undefined"), no_sanitize("thread")))

VISIBLE BARE int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits) {
  limit *set;

  *(void **)&set = dlsym(RTLD_NEXT, "setrlimit");
  if (getenv("ODD_LIMITS") == NULL) return set(resource, limits);
  errno = EPERM;
  return -1;
}

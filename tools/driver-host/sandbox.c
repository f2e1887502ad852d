/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "tools/driver-host/seccomp.h"

#define SIGNALS_ABI 6 /* from which on landlock keeps signals inside */

/* What every program needs: libraries and their data, the system's configuration, some devices. */
static const struct {
  const char *path;
  unsigned access;
  unsigned needs; /* only with these */
} common[] = {
    {"/usr", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/lib", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/lib32", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/lib64", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/libx32", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/bin", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/sbin", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/opt", LANDLOCK_READ | LANDLOCK_EXECUTE, 0},
    {"/etc", LANDLOCK_READ, 0},
    {"/sys/devices/system/cpu", LANDLOCK_READ, 0},
    {"/proc/self", LANDLOCK_READ, 0},
    {"/proc/meminfo", LANDLOCK_READ, 0},
    {"/proc/cpuinfo", LANDLOCK_READ, 0},
    {"/dev/null", LANDLOCK_READ | LANDLOCK_WRITE, 0},
    {"/dev/zero", LANDLOCK_READ, 0},
    {"/dev/random", LANDLOCK_READ, 0},
    {"/dev/urandom", LANDLOCK_READ, 0},
    /* where /etc/resolv.conf leads */
    {"/run/systemd/resolve", LANDLOCK_READ, BS_NEEDS_NETWORK},
    {"/run/resolvconf", LANDLOCK_READ, BS_NEEDS_NETWORK},
    {"/run/NetworkManager", LANDLOCK_READ, BS_NEEDS_NETWORK},
};

static bool allow_common(const struct landlock *landlock, unsigned needs, const char *directory, struct bs_error *error) {
  for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
    if ((common[i].needs & ~needs) == 0 && !landlock_allow(landlock, common[i].path, common[i].access, error)) return false;
  return landlock_allow(landlock, directory, LANDLOCK_READ | LANDLOCK_EXECUTE, error);
}

/* Cuts the path to what is there: true when that is less. */
static bool cut(char *path) {
  size_t length = strlen(path);

  while (access(path, F_OK) < 0 && strrchr(path, '/') != path) *strrchr(path, '/') = '\0';
  return strlen(path) < length;
}

/* The path that the option names; NULL: it names none. */
static const char *path_of(const struct bs_option *option, const struct blockstore_settings *settings) {
  return option->type == BS_OPTION_PATH ? bs_settings_text(settings, option->key, 0) : NULL;
}

bool sandbox_lacks(const struct bs_metadata *metadata, const struct blockstore_settings *settings) {
  for (size_t i = 0; i < metadata->option_count; i++) {
    const char *path = path_of(&metadata->options[i], settings);

    if (path != NULL && access(path, F_OK) < 0) return true;
  }
  return false;
}

static bool is_written_beneath(const char *below, const char *above) {
  size_t length = strlen(above);

  return strncmp(below, above, length) == 0 && below[length] == '/';
}

/* Does the path enter the directory, whichever way it is written?  What it names further down the driver may have made. */
static bool enters(const char *path, const char *directory) {
  char *part BS_AUTO_FREE = strdup(path), *there BS_AUTO_FREE = realpath(directory, NULL);

  if (part == NULL) return true;
  for (char *slash = strchr(part + 1, '/'); there != NULL && slash != NULL; slash = strchr(slash + 1, '/')) {
    char *real BS_AUTO_FREE = NULL;

    *slash = '\0';
    real = realpath(part, NULL);
    *slash = '/';
    if (real == NULL) return false;
    if (strcmp(real, there) == 0 || is_written_beneath(real, there)) return true;
  }
  return false;
}

/* Is it beneath what another option names?  Then it is granted with that; and the driver, which may write there, could have put
 * a link in its place: so what is written beneath it never counts as what it lies in. */
static bool is_beneath_another(const char *path, const struct bs_metadata *metadata, const struct blockstore_settings *settings) {
  for (size_t i = 0; i < metadata->option_count; i++) {
    const char *other = path_of(&metadata->options[i], settings);

    if (other == NULL || other == path || is_written_beneath(other, path)) continue;
    if (is_written_beneath(path, other) || enters(path, other)) return true;
  }
  return false;
}

static bool allow_option(const struct landlock *landlock, const char *path, unsigned needs, unsigned missing,
                         struct bs_error *error) {
  unsigned access = LANDLOCK_READ | LANDLOCK_WRITE | ((needs & BS_NEEDS_PROGRAMS) != 0 ? LANDLOCK_EXECUTE : 0U);
  char *there BS_AUTO_FREE = strdup(path);

  if (there == NULL) return bs_fail_memory(error);
  if (missing != 0 && cut(there)) access = missing;
  return landlock_allow(landlock, there, access, error);
}

bool sandbox_enter(const struct bs_metadata *metadata, const struct blockstore_settings *settings, const char *directory,
                   unsigned missing, struct bs_error *error) {
  struct landlock landlock BS_AUTO(landlock_end) = {.fd = -1};
  bool signals;

  if (!landlock_begin(&landlock, error) || !allow_common(&landlock, metadata->needs, directory, error)) return false;
  for (size_t i = 0; i < metadata->option_count; i++) {
    const char *path = path_of(&metadata->options[i], settings);

    if (path != NULL && !is_beneath_another(path, metadata, settings) &&
        !allow_option(&landlock, path, metadata->needs, missing, error))
      return false;
  }
  signals = landlock.abi >= SIGNALS_ABI || (metadata->needs & BS_NEEDS_PROGRAMS) != 0;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return bs_fail_errno(error, "Rights that programs give cannot be renounced");
  return landlock_enforce(&landlock, error) && seccomp_enforce(metadata->needs, signals, error);
}

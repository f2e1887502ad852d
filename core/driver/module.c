/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/module.h"

#include <dlfcn.h>
#include <libltdl/lt_dlloader.h>
#include <ltdl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/driver/inside.h"
#include "core/driver/registration.h"
#include "core/driver/rule.h"

struct loaded {
  struct bs_module module; /* first: what callers get */
  struct loaded *next;
  struct bs_identity identity; /* of its file, then */
  bool has_sha256;
  unsigned char sha256[BS_SHA256_SIZE];
  char *path;
  struct bs_metadata *metadata;
};

/* Everything below, and every call of libltdl, which is not thread-safe. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct loaded *_Atomic first; /* never freed: drivers stay loaded; what is in the list may be read without the lock */
static bool is_ready;        /* libltdl is initialised and has our loader */
static const char *wanted;   /* the file being loaded; NULL: none */
static bool has_failed;      /* dlopen did */
static char *trouble;        /* why, in the dynamic linker's words, by free(); NULL when memory ran out */

/*
 * Our loader stands before libltdl's own, which would load lazily and blur every failure into "file not found".  When
 * dlopen fails it answers with this, which is no module: were it NULL, libltdl would try its own loaders next.
 */
static char failed[1];

/* Other users of libltdl in this process go past us: only the file we asked for is ours. */
static lt_module open_module(lt_user_data data, const char *file, lt_dladvise advise) {
  void *module;
  const char *reason;

  (void)data, (void)advise;
  if (wanted == NULL || file == NULL || strcmp(file, wanted) != 0) return NULL;
  module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (module != NULL) return module;
  reason = dlerror();
  has_failed = true;
  trouble = strdup(reason == NULL ? "unknown reason" : reason);
  return failed;
}

static int close_module(lt_user_data data, lt_module module) {
  (void)data;
  return module == failed ? 0 : dlclose(module);
}

static void *find_symbol(lt_user_data data, lt_module module, const char *symbol) {
  (void)data;
  return module == failed ? NULL : dlsym(module, symbol);
}

static const lt_dlvtable loader = {.name = "blockstore",
                                   .module_open = open_module,
                                   .module_close = close_module,
                                   .find_sym = find_symbol,
                                   .priority = LT_DLLOADER_PREPEND};

static const char *ltdl_reason(void) {
  const char *reason = lt_dlerror();

  return reason == NULL ? "unknown reason" : reason;
}

static bool make_ready(struct bs_error *error) {
  if (is_ready) return true;
  if (lt_dlinit() != 0 || lt_dlloader_add(&loader) != 0) { /* nothing else can go wrong there, whatever lt_dlerror() says */
    bs_fail_memory(error);
    return bs_context(error, "The loader of drivers (libltdl) cannot be started");
  }
  is_ready = true;
  return true;
}

/* dlopen, through libltdl.  Runs the constructors of the file and of the libraries it needs. */
static bool open_file(lt_dlhandle *ret_handle, const char *path, struct bs_error *error) {
  lt_dlhandle handle;

  wanted = path;
  has_failed = false;
  handle = lt_dlopen(path);
  wanted = NULL;
  if (handle != NULL && !has_failed) {
    lt_dlmakeresident(handle);
    *ret_handle = handle;
    return true;
  }
  bs_refuse(error, library, "%s: The driver cannot be loaded: %s", path, trouble != NULL ? trouble : ltdl_reason());
  if (handle != NULL) lt_dlclose(handle);
  free(trouble);
  trouble = NULL;
  return false;
}

/* NULL when there is none.  The whole symbol is asked for: libltdl would take a bare "blockstore_driver" too. */
static const struct blockstore_registration *find_registration(lt_dlhandle handle, const char *name,
                                                               struct bs_error *error) {
  const struct blockstore_registration *(*entry)(void), *registration;
  char symbol[64];

  snprintf(symbol, sizeof symbol, "%s_LTX_blockstore_driver", name);
  *(void **)&entry = lt_dlsym(handle, symbol);
  if (entry == NULL) {
    bs_fail(error, BS_WORD_driver,
            "The driver has no function %s: it must end with BLOCKSTORE_REGISTER_DRIVER(%s, ...).", symbol, name);
    return NULL;
  }
  registration = entry();
  if (registration == NULL) bs_fail(error, BS_WORD_driver, "The driver's %s returned nothing.", symbol);
  return registration;
}

static struct loaded *find_loaded(const struct bs_candidate *candidate) {
  for (struct loaded *loaded = first; loaded != NULL; loaded = loaded->next)
    if (strcmp(loaded->path, candidate->path) == 0 && strcmp(loaded->module.name, candidate->name) == 0) return loaded;
  return NULL;
}

static void free_loaded(struct loaded **loaded) {
  if (*loaded == NULL) return;
  bs_metadata_free((*loaded)->metadata);
  free((*loaded)->path);
  free(*loaded);
}

static bool remember(struct loaded **ret_loaded, const struct blockstore_registration *registration,
                     const struct bs_candidate *candidate, struct bs_error *error) {
  struct loaded *loaded BS_AUTO(free_loaded) = calloc(1, sizeof *loaded);

  if (loaded == NULL) return bs_fail_memory(error);
  loaded->path = strdup(candidate->path);
  if (loaded->path == NULL) return bs_fail_memory(error);
  if (!bs_registration_read(&loaded->metadata, registration, error)) return bs_context(error, "%s", candidate->path);
  if (strcmp(loaded->metadata->text, candidate->metadata->text) != 0)
    return bs_fail(error, BS_WORD_driver,
                   "%s: The driver's registration has other metadata than the note in its file.", candidate->path);
  loaded->module = (struct bs_module){.name = loaded->metadata->name,
                                      .path = loaded->path,
                                      .driver = registration->driver,
                                      .driver_size = registration->driver_size,
                                      .metadata = loaded->metadata};
  loaded->identity = candidate->identity;
  loaded->has_sha256 = candidate->has_sha256;
  memcpy(loaded->sha256, candidate->sha256, sizeof loaded->sha256);
  loaded->next = first;
  first = loaded;
  *ret_loaded = loaded;
  loaded = NULL;
  return true;
}

const char *bs_module_file(const struct blockstore_driver *driver) {
  for (const struct loaded *loaded = first; loaded != NULL; loaded = loaded->next)
    if (loaded->module.driver == driver) return loaded->path;
  return NULL;
}

/* Runs the driver's code: its constructors, its entry function.  NULL: there is something wrong with it. */
static const struct blockstore_registration *enter_file(const struct bs_candidate *candidate, struct bs_error *error) {
  struct bs_inside inside BS_AUTO(bs_inside_leave) = {.driver = candidate->name, .file = candidate->path};
  const struct blockstore_registration *registration;
  lt_dlhandle handle;

  bs_inside_enter(&inside);
  if (!open_file(&handle, candidate->path, error) || !bs_vet_same(&candidate->identity, candidate->path, error))
    return NULL;
  registration = find_registration(handle, candidate->name, error);
  if (registration == NULL) bs_context(error, "%s", candidate->path);
  return registration;
}

static const struct blockstore_registration *load_file(const struct bs_candidate *candidate, struct bs_error *error) {
  if (!make_ready(error) || !bs_vet_same(&candidate->identity, candidate->path, error)) return NULL;
  bs_log(BS_LOG_INFO, "loading %s", candidate->path); /* if the driver crashes the process, this is the last line */
  return enter_file(candidate, error);
}

static bool load(struct loaded **ret_loaded, const struct bs_candidate *candidate, struct bs_error *error) {
  const struct blockstore_registration *registration =
      candidate->builtin != NULL ? candidate->builtin->registration : load_file(candidate, error);

  if (registration == NULL || !remember(ret_loaded, registration, candidate, error)) return false;
  bs_log(BS_LOG_DEBUG, "%s: driver %s %s loaded", candidate->path, candidate->name, candidate->metadata->version);
  return true;
}

/* Where certain bytes are asked for (core/driver/exact.h), what was loaded earlier, perhaps before the file was replaced, must
 * have been these. */
static bool check_bytes(const struct loaded *loaded, const struct bs_candidate *candidate, struct bs_error *error) {
  bool same = loaded->has_sha256 ? memcmp(loaded->sha256, candidate->sha256, sizeof loaded->sha256) == 0
                                 : bs_vet_is_identity(&loaded->identity, &candidate->identity);

  if (!candidate->has_sha256 || same) return true;
  return bs_refuse(error, bytes, "%s: The file was replaced since this program loaded the driver, and what it runs is not "
                   "what is asked for: start it anew.", candidate->path);
}

bool bs_module_load(const struct bs_module **ret_module, const struct bs_candidate *candidate, struct bs_error *error) {
  struct loaded *loaded;

  if (candidate->refused != NULL) return bs_fail(error, BS_WORD_driver, "%s", candidate->refused);
  BS_LOCKED(&lock);
  loaded = find_loaded(candidate);
  if (loaded == NULL ? !load(&loaded, candidate, error) : !check_bytes(loaded, candidate, error)) return false;
  *ret_module = &loaded->module;
  return true;
}

/* SPDX-License-Identifier: MIT */
/* The file: what can be told before anything of it runs, and by loading it. */
#include <config.h>

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/driver/vet.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/linker.h"
#include "tools/driver-test/store.h"
#include "tools/driver-test/traces.h"

#define ENTRY "_LTX_blockstore_driver"

/* ---- before it is loaded ---- */

static const struct bs_metadata *must_have_metadata(struct trial *trial) {
  const struct bs_candidate *candidate = trial->subject->candidate;

  if (candidate->metadata == NULL) trial_fail(trial, "%s", candidate->refused);
  return candidate->metadata;
}

static void have_note(struct trial *trial) {
  must_have_metadata(trial);
}

static void have_name(struct trial *trial) {
  const struct bs_metadata *metadata = must_have_metadata(trial);
  const struct bs_candidate *candidate = trial->subject->candidate;

  if (!bs_vet_is_name(candidate->name))
    trial_fail(trial, "%s: The file's name is not a lower-case letter, at most 30 letters, digits and _, and .so.",
               candidate->path);
  if (strcmp(candidate->name, metadata->name) != 0)
    trial_fail(trial, "The file is %s.so, and BLOCKSTORE_REGISTER_DRIVER names the driver %s.", candidate->name, metadata->name);
}

static void fit_abi(struct trial *trial) {
  const struct bs_metadata *metadata = must_have_metadata(trial);
  struct bs_error error = {0};

  if (!bs_vet_abi((struct bs_abi){BLOCKSTORE_ABI_MAJOR, BLOCKSTORE_ABI_MINOR},
                  (struct bs_abi){metadata->abi_major, metadata->abi_minor}, metadata->min_host_minor, &error))
    trial_fail(trial, "%s", error.message);
}

static void find_libraries(struct trial *trial) {
  struct bs_buffer missing BS_AUTO_BUFFER = BS_BUFFER_INIT;

  must_trace(trial, NULL, &missing);
  if (missing.length > 0) trial_fail(trial, "The dynamic linker does not find: %s.", bs_buffer_string(&missing));
}

static void define_symbols(struct trial *trial) {
  struct bs_buffer undefined BS_AUTO_BUFFER = BS_BUFFER_INIT;

  must_trace(trial, &undefined, NULL);
  if (undefined.length > 0)
    trial_fail(trial, "It uses what no library that it is linked with has: %s.  Link with -Wl,-z,defs.",
               bs_buffer_string(&undefined));
}

/* ---- loaded, and no more ---- */

static void load(struct trial *trial) {
  must_load(trial);
}

static void export_entry(struct trial *trial) {
  struct bs_buffer others BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char entry[64];

  snprintf(entry, sizeof entry, "%.31s" ENTRY, trial->subject->candidate->name);
  if (!must_list_exports(trial, must_load(trial), entry, &others))
    trial_fail(trial, "It does not export %s: its last line is BLOCKSTORE_REGISTER_DRIVER(%s, ...).", entry,
               trial->subject->candidate->name);
  if (others.length > 0)
    trial_fail(trial, "It exports more than %s: %s.  Make them static, or compile with -fvisibility=hidden.", entry,
               bs_buffer_string(&others));
}

static const struct bs_module *must_register(struct trial *trial) {
  const struct bs_module *module = NULL;
  struct bs_error error = {0};

  if (!subject_load(&module, trial->subject, &error)) trial_fail(trial, "%s", error.message);
  return module;
}

static void registered(struct trial *trial) {
  must_register(trial);
}

#define HAS(module, member) BLOCKSTORE_HAS((module)->driver, (module)->driver_size, member)

static void have_entries(struct trial *trial) {
  const struct bs_module *module = must_register(trial);
  bool writes = (module->metadata->capabilities & BS_CAPABILITY_READ_ONLY) == 0;
  const struct {
    const char *name;
    bool is_there;
  } entries[] = {
      {"storage_init", HAS(module, storage_init)},
      {"handles_url", HAS(module, handles_url)},
      {"make_mutable_url", HAS(module, make_mutable_url)},
      {"get_immutable_handler", HAS(module, get_immutable_handler)},
      {"get_mutable_handler", HAS(module, get_mutable_handler)},
      {"put_immutable_handler", !writes || HAS(module, put_immutable_handler)},
      {"put_mutable_handler", !writes || HAS(module, put_mutable_handler)},
  };
  char missing[256] = "";
  bool lacks_puts = false;

  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    size_t length = strlen(missing);

    if (entries[i].is_there) continue;
    snprintf(missing + length, sizeof missing - length, "%s%s", length == 0 ? "" : ", ", entries[i].name);
    if (strncmp(entries[i].name, "put", 3) == 0) lacks_puts = true;
  }
  if (missing[0] != '\0')
    trial_fail(trial, "Its table has no %s%s.", missing, lacks_puts ? "; and it does not declare itself read-only" : "");
}

static void describe(struct trial *trial) {
  const struct bs_metadata *metadata = must_have_metadata(trial);

  if (metadata->version[strspn(metadata->version, " ")] == '\0') trial_fail(trial, "BLOCKSTORE_VERSION is empty.");
  if (metadata->description[strspn(metadata->description, " ")] == '\0')
    trial_fail(trial, "Its metadata have no BLOCKSTORE_DESCRIPTION.");
}

static void agree(struct trial *trial) {
  const struct bs_metadata *metadata = must_have_metadata(trial);

  if ((metadata->capabilities & BS_CAPABILITY_LOCAL) != 0 && (metadata->needs & BS_NEEDS_NETWORK) != 0)
    trial_fail(trial, "It declares BLOCKSTORE_CAPABILITY_LOCAL, which never blocks on a network, and BLOCKSTORE_NEEDS_NETWORK.");
}

/* ---- the manners of its constructors ---- */

static void load_silently(struct trial *trial) {
  struct stat output;

  must_load(trial);
  fflush(NULL);
  if (fstat(trial->output, &output) == 0 && output.st_size > 0)
    trial_fail(trial, "It printed %lld bytes when it was loaded.", (long long)output.st_size);
}

static void load_without_threads(struct trial *trial) {
  unsigned before = traces_threads(trial), after;

  must_load(trial);
  after = traces_threads(trial);
  if (after != before) trial_fail(trial, "There were %u threads before it was loaded, and %u after that.", before, after);
}

static void load_without_signals(struct trial *trial) {
  struct sigaction before[NSIG], after;
  sigset_t mask, mask_after;

  memset(before, 0, sizeof before);
  for (int i = 1; i < NSIG; i++) sigaction(i, NULL, &before[i]);
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  must_load(trial);
  pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
  for (int i = 1; i < NSIG; i++) {
    const char *name = sigabbrev_np(i) == NULL ? "RT" : sigabbrev_np(i);

    if (sigaction(i, NULL, &after) == 0 && after.sa_handler != before[i].sa_handler)
      trial_fail(trial, "It changed what happens at SIG%s (%d) when it was loaded.", name, i);
    if (sigismember(&mask, i) != sigismember(&mask_after, i))
      trial_fail(trial, "It changed the signal mask when it was loaded: SIG%s (%d).", name, i);
  }
}

static const struct behaviour behaviours[] = {
    {"file.note", "the file has metadata, which the core understands", NEEDS_FILE | NEEDED_BY_ALL, have_note},
    {"file.name", "the file has the name of the driver", NEEDS_FILE | NEEDED_BY_ALL, have_name},
    {"file.abi", "the driver was built for this ABI", NEEDS_FILE | NEEDED_BY_ALL, fit_abi},
    {"file.libraries", "the libraries that it needs are found", NEEDS_FILE | NEEDED_BY_ALL, find_libraries},
    {"file.symbols", "it uses nothing but what the libraries that it is linked with have", NEEDS_FILE | NEEDED_BY_ALL,
     define_symbols},
    {"file.loads", "it can be loaded", NEEDS_FILE | NEEDED_BY_ALL, load},
    {"file.exports", "it exports its entry and nothing else", NEEDS_FILE | NEEDED_BY_ALL, export_entry},
    {"file.registration", "what its entry returns is right", NEEDS_FILE | NEEDED_BY_ALL, registered},
    {"file.entries", "its table has all that a store needs", NEEDS_LOADED | NEEDED_BY_ALL, have_entries},
    {"file.description", "its metadata say what it is and which version", NEEDS_LOADED, describe},
    {"file.local", "it does not declare itself local when it needs the network", NEEDS_LOADED, agree},
    {"file.silent", "it prints nothing when it is loaded", NEEDS_LOADED, load_silently},
    {"file.threads", "it starts no thread when it is loaded", NEEDS_LOADED, load_without_threads},
    {"file.signals", "it leaves signals alone when it is loaded", NEEDS_LOADED, load_without_signals},
};
const struct group group_file = GROUP(behaviours);

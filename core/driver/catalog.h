/* SPDX-License-Identifier: MIT */
/*
 * The drivers that are built in, and those that lie in the directories of `plugin_path`, searched in order: who they
 * are and whether they may be loaded, without running any of their code.  The first directory that has a file NAME.so
 * decides about NAME: a refused file there hides those in later directories, it is never passed over in silence.
 */
#ifndef BS_DRIVER_CATALOG_H
#define BS_DRIVER_CATALOG_H

#include "core/base/auto.h"
#include "core/crypto/digest.h"
#include "core/driver/builtin.h"
#include "core/driver/libraries.h"
#include "core/driver/metadata.h"
#include "core/driver/rule.h"
#include "core/driver/vet.h"

/* One file, or one that is built in.  Owns its strings. */
struct bs_candidate {
  char *name;      /* the file's name without .so; of a file that has no driver's name, all of it */
  char *path;      /* absolute; its directory is real; BS_BUILTIN_PATH: it has no file */
  char *directory; /* real; NULL: it has no file */
  const struct bs_builtin *builtin; /* NULL: it is a file */
  struct bs_metadata *metadata; /* NULL when the file was refused before it was read */
  struct bs_libraries *libraries; /* what it needs, by bs_catalog_explain; NULL: refused before, or not to be read */
  char *refused;                /* why it is not loaded, a sentence that names the file; NULL: it may be */
  enum bs_rule rule;            /* that refused it */
  char *shadowed_by;            /* what decides about this name before it: the file of an earlier directory, or a
                                 * directory that is refused as a whole; NULL: this one does */
  struct bs_identity identity;  /* of the vetted file; all zero when it was refused before */
  bool has_sha256;              /* by bs_exact_digest */
  unsigned char sha256[BS_SHA256_SIZE]; /* of all bytes of the file */
};

/* One directory of the plugin path, as it was searched. */
struct bs_directory {
  char *path;    /* as configured */
  char *refused; /* why nothing of it was looked at, a sentence; NULL: it was.  One that is missing is passed over, all
                  * others decide about the drivers that later directories have */
  enum bs_rule rule;
};

struct bs_catalog {
  struct bs_candidate **candidates; /* by directory in order, within it by name */
  size_t candidate_count;
  struct bs_directory *directories;
  size_t directory_count;
};

/* A plugin path: appends the directories of BLOCKSTORE_PLUGIN_PATH, or the one where drivers are installed; all by free(). */
bool bs_catalog_add_environment(char ***directories, size_t *count, struct bs_error *error);
bool bs_catalog_add_installed(char ***directories, size_t *count, struct bs_error *error);

/*
 * The driver to load, by bs_candidate_free; `refused` and `shadowed_by` are NULL.  If it is not built in, opens
 * DIRECTORY/NAME.so in order and scans nothing.  A missing directory is passed over.  Fails with driver: a directory
 * before the find is refused, the file is refused, or no directory has it (the message lists them and the nearest name
 * that exists).
 */
bool bs_catalog_find(struct bs_candidate **ret_candidate, const char *const *directories, size_t count,
                     const char *name, struct bs_error *error);

/* What is built in, and every entry that ends in .so of every directory.  Refusals are in the catalog; fails only for
 * want of memory. */
bool bs_catalog_list(struct bs_catalog **ret_catalog, const char *const *directories, size_t count,
                     struct bs_error *error);

/* The same of those named `name` only, which are opened as by bs_catalog_find; of what can be no name, none.  The
 * libraries that they need are looked for. */
bool bs_catalog_explain(struct bs_catalog **ret_catalog, const char *const *directories, size_t count, const char *name,
                        struct bs_error *error);

void bs_candidate_free(struct bs_candidate *candidate);
static inline void bs_auto_candidate(struct bs_candidate **candidate) {
  bs_candidate_free(*candidate);
}
#define BS_AUTO_CANDIDATE BS_AUTO(bs_auto_candidate)

void bs_catalog_free(struct bs_catalog *catalog);
static inline void bs_auto_catalog(struct bs_catalog **catalog) {
  bs_catalog_free(*catalog);
}
#define BS_AUTO_CATALOG BS_AUTO(bs_auto_catalog)

#endif

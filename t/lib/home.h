/* SPDX-License-Identifier: MIT */
/* A directory tree as it was, kept in memory, and brought back after each point of a sweep. */
#ifndef BS_T_HOME_H
#define BS_T_HOME_H

#include <stdbool.h>

/* What there is below `root`, from now on the one that is meant below.  False: it cannot be read. */
bool home_remember(const char *root);
/* Is anything else there now?  What SQLite shares among processes does not count: the first one makes it anew. */
bool home_differs(void);
/* Makes it as it was. */
void home_restore(void);
/* The path of a file that only a writer amid its work may have, until the next call; NULL: there is none. */
const char *home_litter(void);

#endif

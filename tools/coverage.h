/* SPDX-License-Identifier: MIT */
/* For tools/coverage, before each source: what ends by _exit, as most child processes do, has been counted, too. */
void __gcov_dump(void); /* NOLINT(bugprone-reserved-identifier): its name */
void _exit(int status) __attribute__((__noreturn__));
static inline void __attribute__((__noreturn__)) exit_counted(int status) {
  __gcov_dump();
  _exit(status);
}
#define _exit exit_counted

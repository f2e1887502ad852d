/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail, of the program and of all its libraries.  What the dynamic loader asks for is not counted, since it
 * ends the process where it gets nothing.  The sanitizers have an allocator of their own: with them there is nothing to count.
 */
#include <config.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "t/lib/faults.h"

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) && \
    !__has_feature(thread_sanitizer)

static uintptr_t loader_begins, loader_ends;

static int find_loader(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size;
  (void)unused;
  if (object->dlpi_addr != getauxval(AT_BASE)) return 0;
  for (size_t i = 0; i < object->dlpi_phnum; i++) {
    uintptr_t end = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr + object->dlpi_phdr[i].p_memsz;

    if (object->dlpi_phdr[i].p_type == PT_LOAD && end > loader_ends) loader_ends = end;
  }
  loader_begins = object->dlpi_addr;
  return 1;
}

__attribute__((constructor)) static void begin(void) {
  dl_iterate_phdr(find_loader, NULL);
}

static bool refuse(const void *caller) {
  uintptr_t at = (uintptr_t)caller;

  return (at < loader_begins || at >= loader_ends) && fault(FAULT_ALLOCATIONS);
}
#define REFUSE() refuse(__builtin_return_address(0))

/* glibc's names for its own, which need no dlsym: that allocates. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

EXPORT void *malloc(size_t size) {
  return REFUSE() ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size) {
  return REFUSE() ? NULL : __libc_calloc(count, size);
}

EXPORT void *realloc(void *pointer, size_t size) {
  return REFUSE() ? NULL : __libc_realloc(pointer, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
  return REFUSE() ? NULL : __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void **ret_pointer, size_t alignment, size_t size) {
  void *pointer = REFUSE() ? NULL : __libc_memalign(alignment, size);

  if (pointer == NULL) return ENOMEM;
  *ret_pointer = pointer;
  return 0;
}

/* libc's own makes its mappings past here. */
static void *map(void *address, size_t length, int protection, int flags, int fd, off64_t at) {
#ifdef __LP64__
  return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, at);
#else
  return (void *)syscall(SYS_mmap2, address, length, protection, flags, fd, (long)(at / 4096));
#endif
}

/* By their symbols: see faults.c. */
EXPORT void *fault_mmap(void *address, size_t length, int protection, int flags, int fd, __off_t at) __asm__("mmap");
EXPORT void *fault_mmap(void *address, size_t length, int protection, int flags, int fd, __off_t at) {
  return REFUSE() ? MAP_FAILED : map(address, length, protection, flags, fd, at);
}

EXPORT void *fault_mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t at) __asm__("mmap64");
EXPORT void *fault_mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t at) {
  return REFUSE() ? MAP_FAILED : map(address, length, protection, flags, fd, at);
}

/* A thread's stack is memory, too. */
EXPORT int pthread_create(pthread_t *ret_thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user) {
  int (*real)(pthread_t *ret_thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user);
  void *function = dlsym(RTLD_NEXT, "pthread_create");

  if (REFUSE()) return EAGAIN;
  memcpy(&real, &function, sizeof real);
  return real(ret_thread, attributes, run, user);
}

#endif

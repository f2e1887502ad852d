/* SPDX-License-Identifier: MIT */
/*
 * The binary interface of drivers, byte by byte: what is pinned here, every driver of major version 1 relies on.  Offsets
 * are bytes and pointers (P), so that they hold for 32 and 64 bits.  A minor version adds lines, and LAST goes to the new one;
 * any other change is a new major version: doc/abi.md.
 */
#include <config.h>

#include <endian.h>

#include "core/driver/host.h"
#include "t/lib/unit.h"

#define P sizeof(void *)
#define STATUS enum blockstore_status
#define CALL struct blockstore_call *
#define SELF void *, CALL

/* A member stands where it stood, and is what it was. */
#define MEMBER(of, member, offset, type)                                                                       \
  _Static_assert(offsetof(struct blockstore_##of, member) == (offset), #of "." #member " moved");              \
  _Static_assert(__builtin_types_compatible_p(__typeof__(((struct blockstore_##of *)NULL)->member), type),     \
                 #of "." #member " has another type")
/* And that one is the last: the struct ends there.  Had it padding, a member that is added would seem to be there in what was
 * made before (BLOCKSTORE_HAS). */
#define LAST(of, member, offset, type)                                                                         \
  MEMBER(of, member, offset, type);                                                                            \
  _Static_assert(sizeof(struct blockstore_##of) == (offset) + sizeof(type), #of " ends elsewhere")
/* Where 64 bits stand behind so many bytes: there are machines of 32 bits of both kinds. */
struct wide {
  char before;
  uint64_t number;
};
#define WIDE(offset) (((offset) + WIDE_STEP - 1) / WIDE_STEP * WIDE_STEP)
#define WIDE_STEP offsetof(struct wide, number)

MEMBER(call, struct_size, 0, uint32_t);
MEMBER(call, reserved, 4, uint32_t);
MEMBER(call, host, 8, const struct blockstore_host *);
LAST(call, store, 8 + P, struct blockstore_store *);

MEMBER(source, struct_size, 0, uint32_t);
MEMBER(source, reserved, 4, uint32_t);
MEMBER(source, read_at, 8, STATUS (*)(const struct blockstore_source *, void *, size_t, uint64_t));
LAST(source, size, WIDE(8 + P), uint64_t);

MEMBER(sink, struct_size, 0, uint32_t);
MEMBER(sink, reserved, 4, uint32_t);
MEMBER(sink, begin, 8, STATUS (*)(struct blockstore_sink *, uint64_t));
LAST(sink, write, 8 + P, STATUS (*)(struct blockstore_sink *, const void *, size_t));

MEMBER(host, magic, 0, uint32_t);
MEMBER(host, abi_major, 4, uint16_t);
MEMBER(host, abi_minor, 6, uint16_t);
MEMBER(host, struct_size, 8, uint32_t);
MEMBER(host, reserved, 12, uint32_t);
MEMBER(host, log, 16, void (*)(struct blockstore_store *, enum blockstore_log_level, const char *));
MEMBER(host, set_error, 16 + P, void (*)(CALL, const char *));
MEMBER(host, retry_after, 16 + 2 * P, void (*)(CALL, uint32_t));
MEMBER(host, time_left, 16 + 3 * P, uint32_t (*)(CALL));
MEMBER(host, cancel_fd, 16 + 4 * P, int (*)(CALL));
MEMBER(host, setting, 16 + 5 * P, const char *(*)(const struct blockstore_settings *, const char *, size_t));
MEMBER(host, setting_number, 16 + 6 * P, int64_t (*)(const struct blockstore_settings *, const char *));
MEMBER(host, get_error, 16 + 7 * P, const char *(*)(CALL));
LAST(host, get_retry_after, 16 + 8 * P, uint32_t (*)(CALL));

MEMBER(next, struct_size, 0, uint32_t);
MEMBER(next, driver_size, 4, uint32_t);
MEMBER(next, driver, 8, const struct blockstore_driver *);
LAST(next, self, 8 + P, void *);

MEMBER(driver, storage_init, 0,
       STATUS (*)(void **, CALL, const struct blockstore_settings *, const struct blockstore_next *));
MEMBER(driver, storage_close, P, void (*)(SELF));
MEMBER(driver, handles_url, 2 * P, STATUS (*)(SELF, const char *));
MEMBER(driver, make_mutable_url, 3 * P, STATUS (*)(SELF, struct blockstore_sink *, const char *));
MEMBER(driver, get_immutable_handler, 4 * P, STATUS (*)(SELF, struct blockstore_sink *, const char *));
MEMBER(driver, get_mutable_handler, 5 * P, STATUS (*)(SELF, struct blockstore_sink *, const char *));
MEMBER(driver, put_immutable_handler, 6 * P,
       STATUS (*)(SELF, const char *, const struct blockstore_source *, const char *));
MEMBER(driver, put_mutable_handler, 7 * P,
       STATUS (*)(SELF, const char *, uint64_t, const char *, const struct blockstore_source *));
MEMBER(driver, delete_immutable_handler, 8 * P, STATUS (*)(SELF, const char *, const char *));
MEMBER(driver, delete_mutable_handler, 9 * P, STATUS (*)(SELF, const char *, const char *));
LAST(driver, check, 10 * P, STATUS (*)(SELF, struct blockstore_sink *));

MEMBER(registration, magic, 0, uint32_t);
MEMBER(registration, abi_major, 4, uint16_t);
MEMBER(registration, abi_minor, 6, uint16_t);
MEMBER(registration, struct_size, 8, uint32_t);
MEMBER(registration, driver_size, 12, uint32_t);
MEMBER(registration, driver, 16, const struct blockstore_driver *);
LAST(registration, metadata, 16 + P, const char *);

#define VALUE(name, number) _Static_assert(BLOCKSTORE_##name == (number), #name " has another value")
VALUE(STATUS_OK, 0);
VALUE(STATUS_NOT_FOUND, 1);
VALUE(STATUS_UNHANDLED_URL, 2);
VALUE(STATUS_DENIED, 3);
VALUE(STATUS_NO_SPACE, 4);
VALUE(STATUS_TOO_LARGE, 5);
VALUE(STATUS_CONFLICT, 6);
VALUE(STATUS_TRANSIENT, 7);
VALUE(STATUS_CANCELLED, 8);
VALUE(STATUS_UNSUPPORTED, 9);
VALUE(STATUS_FAILED, 10);
VALUE(LOG_ERROR, 0);
VALUE(LOG_WARNING, 1);
VALUE(LOG_INFO, 2);
VALUE(LOG_DEBUG, 3);
VALUE(ABI_MAJOR, 1);
VALUE(ABI_MINOR, 0);
VALUE(DRIVER_MAGIC, 0x31445342);
VALUE(HOST_MAGIC, 0x31485342);
VALUE(SIZE_UNKNOWN, UINT64_MAX);
_Static_assert(sizeof(enum blockstore_status) == 4 && sizeof(enum blockstore_log_level) == 4, "enums have 32 bits");

/* Where each struct of 1.0 ended, in numbers; a later one may be longer. */
#define END(of, last) (offsetof(struct blockstore_##of, last) + sizeof(((struct blockstore_##of *)NULL)->last))
#define ENDED(of, last, of_64, of_32) _Static_assert(END(of, last) == (P == 8 ? (of_64) : (of_32)), #of " did not end there")
ENDED(call, store, 24, 16);
ENDED(source, size, 24, WIDE(12) + 8);
ENDED(sink, write, 24, 16);
ENDED(host, get_retry_after, 88, 52);
ENDED(next, self, 24, 16);
ENDED(driver, check, 88, 44);
ENDED(registration, metadata, 32, 24);

/* A driver with every line of metadata there is, whose name and numbers are macros. */

#define pinned 7 /* what a name means elsewhere must not matter */
#define LARGEST 4096

static STATUS pinned_init(void **ret_self, CALL call, const struct blockstore_settings *settings,
                          const struct blockstore_next *next) {
  (void)ret_self, (void)call, (void)settings, (void)next;
  return BLOCKSTORE_STATUS_OK;
}

static const struct blockstore_driver table = {.storage_init = pinned_init};

BLOCKSTORE_REGISTER_DRIVER(pinned, table,
                           BLOCKSTORE_VERSION("2.1")
                           BLOCKSTORE_DESCRIPTION("A driver")
                           BLOCKSTORE_URL_SCHEME("pin")
                           BLOCKSTORE_LARGEST_OBJECT(LARGEST)
                           BLOCKSTORE_MIN_HOST_MINOR(1)
                           BLOCKSTORE_KIND_FILTER
                           BLOCKSTORE_THREADS_SERIAL
                           BLOCKSTORE_THREADS_INSTANCE
                           BLOCKSTORE_THREADS_PARALLEL
                           BLOCKSTORE_CAPABILITY_DURABLE
                           BLOCKSTORE_CAPABILITY_EXPIRES
                           BLOCKSTORE_CAPABILITY_PUBLIC
                           BLOCKSTORE_CAPABILITY_LOCAL
                           BLOCKSTORE_CAPABILITY_CONSISTENT
                           BLOCKSTORE_CAPABILITY_READ_ONLY
                           BLOCKSTORE_NEEDS_NETWORK
                           BLOCKSTORE_NEEDS_PROGRAMS
                           BLOCKSTORE_OPTION("a", STRING, REQUIRED, "", "A text")
                           BLOCKSTORE_OPTION("b", INT, OPTIONAL, "1", "")
                           BLOCKSTORE_OPTION("c", SIZE, OPTIONAL, "1K", "")
                           BLOCKSTORE_OPTION("d", BOOL, OPTIONAL, "true", "")
                           BLOCKSTORE_OPTION("e", DURATION, OPTIONAL, "1s", "")
                           BLOCKSTORE_OPTION("f", PATH, OPTIONAL, "", "")
                           BLOCKSTORE_OPTION("g", SECRET, OPTIONAL, "", "")
                           BLOCKSTORE_OPTION("h", LIST, OPTIONAL, "x,y", "")
                           BLOCKSTORE_OPTION_ENUM("i", "x,y", OPTIONAL, "x", "")
                           BLOCKSTORE_CAPABILITY_CHANGES
                           BLOCKSTORE_NEEDS_HASHES);

static const char metadata[] =
    "name=pinned\nabi=1.0\nversion=2.1\ndescription=A driver\nscheme=pin\nlargest=4096\nmin-host-minor=1\nkind=filter\n"
    "threads=serial\nthreads=instance\nthreads=parallel\n"
    "capability=durable\ncapability=expires\ncapability=public\ncapability=local\ncapability=consistent\n"
    "capability=read-only\nneeds=network\nneeds=programs\n"
    "option=a\tstring\trequired\t\tA text\noption=b\tint\toptional\t1\t\noption=c\tsize\toptional\t1K\t\n"
    "option=d\tbool\toptional\ttrue\t\noption=e\tduration\toptional\t1s\t\noption=f\tpath\toptional\t\t\n"
    "option=g\tsecret\toptional\t\t\noption=h\tlist\toptional\tx,y\t\noption=i\tenum:x,y\toptional\tx\t\n"
    "capability=changes\nneeds=hashes\n";

static void the_note_has_its_bytes(void **state) {
  const unsigned char *note = (const unsigned char *)&pinned_blockstore_note;
  const uint32_t words[] = {11, sizeof metadata, 1};

  (void)state;
  assert_int_equal((uintptr_t)note % 4, 0);
  assert_memory_equal(note, words, sizeof words);
  assert_memory_equal(note + 12, "Blockstore\0", 12); /* with its padding */
  assert_memory_equal(note + 24, metadata, sizeof metadata);
  assert_int_equal(sizeof pinned_blockstore_note, 24 + (sizeof metadata + 3) / 4 * 4);
}

static void the_registration_is_stamped(void **state) {
  const struct blockstore_registration *registration = pinned_LTX_blockstore_driver();

  (void)state;
  assert_int_equal(registration->magic, BLOCKSTORE_DRIVER_MAGIC);
  assert_int_equal(registration->abi_major, 1);
  assert_int_equal(registration->abi_minor, 0);
  assert_int_equal(registration->struct_size, 16 + 2 * P);
  assert_int_equal(registration->driver_size, 11 * P);
  assert_ptr_equal(registration->driver, &table);
  assert_string_equal(registration->metadata, metadata);
  if (htole32(1) == 1) assert_memory_equal(registration, "BSD1", 4);
}

static void the_core_hands_out_what_the_header_says(void **state) {
  const unsigned char *bytes = (const unsigned char *)&bs_host;
  void *none = NULL;

  (void)state;
  assert_int_equal(bs_host.magic, BLOCKSTORE_HOST_MAGIC);
  assert_int_equal(bs_host.abi_major, 1);
  assert_int_equal(bs_host.abi_minor, 0);
  assert_int_equal(bs_host.struct_size, 16 + 9 * P);
  assert_int_equal(bs_host.reserved, 0);
  for (size_t at = 16; at < bs_host.struct_size; at += P) assert_memory_not_equal(bytes + at, &none, P);
  if (htole32(1) == 1) assert_memory_equal(bytes, "BSH1", 4);
}

static void a_member_is_there_when_all_of_it_is(void **state) {
  const struct blockstore_driver driver = {.storage_init = pinned_init, .handles_url = NULL};

  (void)state;
  assert_false(BLOCKSTORE_HAS(&driver, 0, storage_init));
  assert_false(BLOCKSTORE_HAS(&driver, P - 1, storage_init));
  assert_true(BLOCKSTORE_HAS(&driver, P, storage_init));
  assert_true(BLOCKSTORE_HAS(&driver, sizeof driver, storage_init));
  assert_false(BLOCKSTORE_HAS(&driver, sizeof driver, handles_url)); /* null */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_note_has_its_bytes),
      cmocka_unit_test(the_registration_is_stamped),
      cmocka_unit_test(the_core_hands_out_what_the_header_says),
      cmocka_unit_test(a_member_is_there_when_all_of_it_is),
  };
  return RUN_TESTS(tests);
}

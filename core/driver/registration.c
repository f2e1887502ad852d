/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/registration.h"

#include <string.h>

#include "core/driver/vet.h"

/* The bytes of a struct up to and with `member`. */
#define SIZE_WITH(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))
#define REGISTRATION_SIZE SIZE_WITH(struct blockstore_registration, metadata)
#define DRIVER_SIZE SIZE_WITH(struct blockstore_driver, check) /* ABI 1.0's */

static bool check_abi(uint16_t major, uint16_t minor, uint16_t min_host_minor, struct bs_error *error) {
  return bs_vet_abi((struct bs_abi){BLOCKSTORE_ABI_MAJOR, BLOCKSTORE_ABI_MINOR}, (struct bs_abi){major, minor},
                    min_host_minor, error);
}

static bool check(const struct blockstore_registration *registration, struct bs_error *error) {
  if (registration->magic != BLOCKSTORE_DRIVER_MAGIC)
    return bs_fail(error, BS_WORD_driver, "The driver's registration has the wrong magic number 0x%08x.",
                   (unsigned)registration->magic);
  if (!check_abi(registration->abi_major, registration->abi_minor, 0, error)) return false;
  if (registration->struct_size < REGISTRATION_SIZE)
    return bs_fail(error, BS_WORD_driver, "The driver's registration is too short: %u of %zu bytes.",
                   (unsigned)registration->struct_size, REGISTRATION_SIZE);
  if (registration->driver_size < DRIVER_SIZE)
    return bs_fail(error, BS_WORD_driver, "The driver's table is too short: %u of %zu bytes.",
                   (unsigned)registration->driver_size, DRIVER_SIZE);
  if (registration->driver == NULL) return bs_fail(error, BS_WORD_driver, "The driver's registration has no table.");
  if (registration->metadata == NULL)
    return bs_fail(error, BS_WORD_driver, "The driver's registration has no metadata.");
  return true;
}

/* One macro stamps both. */
static bool is_of_one_abi(const struct blockstore_registration *registration, const struct bs_metadata *metadata,
                          struct bs_error *error) {
  if (registration->abi_major == metadata->abi_major && registration->abi_minor == metadata->abi_minor) return true;
  return bs_fail(error, BS_WORD_driver, "The driver's registration is of ABI %u.%u and its metadata of %u.%u: build it anew.",
                 registration->abi_major, registration->abi_minor, metadata->abi_major, metadata->abi_minor);
}

bool bs_registration_read(struct bs_metadata **ret_metadata, const struct blockstore_registration *registration,
                          struct bs_error *error) {
  struct bs_metadata *metadata;

  if (!check(registration, error) ||
      !bs_metadata_parse(&metadata, registration->metadata, strlen(registration->metadata), error))
    return false;
  if (!check_abi(metadata->abi_major, metadata->abi_minor, metadata->min_host_minor, error) ||
      !is_of_one_abi(registration, metadata, error)) {
    bs_metadata_free(metadata);
    return false;
  }
  *ret_metadata = metadata;
  return true;
}

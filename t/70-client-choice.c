/* SPDX-License-Identifier: MIT */
/* Which version is believed: bounds, floors, disputes, tombstones, expiry, the caller's check, in every combination
 * that differs. */
#include <config.h>

#include "core/client/choice.h"
#include "t/lib/unit.h"

enum { MOST = 4 };

static struct bs_found items[MOST];
static struct bs_versions versions;
static struct bs_bounds bounds;
static struct bs_seen floor_, *seen;
static struct bs_choice choice;
static struct bs_error error;

/* A z of one repeated byte tells the contents of one version apart. */
static const unsigned char z_of[3][BS_SHA256_SIZE] = {{'a'}, {'b'}, {'c'}};

static int reset(void **state) {
  (void)state;
  memset(items, 0, sizeof items);
  versions = (struct bs_versions){items, 0};
  bounds = (struct bs_bounds){.lowest = 1, .ver_max = UINT64_MAX, .now = 1000};
  seen = NULL;
  error = (struct bs_error){0};
  return 0;
}

/* In order: the higher version first. */
static struct bs_found *find(uint64_t ver, char z) {
  struct bs_found *found = &items[versions.count++];

  found->verified.statement = (struct bs_statement){.kind = BS_STATEMENT_DATA, .ver = ver, .length = 3};
  memcpy(found->verified.z, z_of[z - 'a'], BS_SHA256_SIZE);
  found->generation = BS_MUTABLE_CURRENT;
  found->has_data = true;
  return found;
}

static struct bs_found *find_tombstone(uint64_t ver, char z) {
  struct bs_found *found = find(ver, z);

  found->verified.statement = (struct bs_statement){.kind = BS_STATEMENT_TOMBSTONE, .ver = ver};
  found->has_data = false;
  return found;
}

static void see(uint64_t ver, char z) {
  floor_ = (struct bs_seen){.ver = ver};
  memcpy(floor_.z, z_of[z - 'a'], sizeof floor_.z);
  seen = &floor_;
}

static bool choose(void) {
  choice = (struct bs_choice){&items[0], &items[0], 99}; /* must not stay */
  return bs_choose(&choice, &versions, seen, &bounds, &error);
}

/* The item that is believed, the one that raises the floor (-1: none), and the version that is disputed. */
static void assert_chosen(int found, int raises, uint64_t disputed) {
  assert_ptr_equal(choice.found, found < 0 ? NULL : &items[found]);
  assert_ptr_equal(choice.raises, raises < 0 ? NULL : &items[raises]);
  assert_int_equal(choice.disputed, disputed);
}

static void the_highest_is_believed(void **state) {
  (void)state;
  find(7, 'a');
  find(5, 'b');
  assert_ok(choose());
  assert_chosen(0, 0, 0);
}

static void nothing_was_found(void **state) {
  (void)state;
  assert_fails(choose(), BS_WORD_not_found, "within the bounds");
  assert_chosen(-1, -1, 0);
}

static void no_version_falls_below_the_floor(void **state) {
  (void)state;
  find(7, 'a');
  see(6, 'b');
  assert_ok(choose());
  assert_chosen(0, 0, 0);
  see(7, 'a');
  assert_ok(choose());
  assert_chosen(0, 0, 0);
  see(8, 'a');
  assert_fails(choose(), BS_WORD_stale, "older than version 8");
  assert_chosen(-1, -1, 0);
}

static void the_route_has_a_lowest(void **state) {
  (void)state;
  find(7, 'a');
  bounds.lowest = 7;
  assert_ok(choose());
  bounds.lowest = 8;
  assert_fails(choose(), BS_WORD_stale, "below 8, from which the owner");
  assert_chosen(-1, -1, 0);
}

static void the_caller_has_bounds(void **state) {
  (void)state;
  find(7, 'a');
  find(5, 'b');
  find(3, 'c');
  bounds.ver_min = bounds.ver_max = 7;
  assert_ok(choose());
  assert_chosen(0, 0, 0);
  bounds.ver_min = 8;
  bounds.ver_max = UINT64_MAX;
  assert_fails(choose(), BS_WORD_stale, "below ver_min, 8");
  assert_chosen(-1, -1, 0);
  bounds.ver_min = 0;
  bounds.ver_max = 6;
  assert_ok(choose());
  assert_chosen(1, 1, 0);
  bounds.ver_max = 2;
  assert_fails(choose(), BS_WORD_not_found, "within the bounds");
  assert_chosen(-1, -1, 0);
  bounds.ver_min = 6; /* the highest would do, but is passed over; the next is below */
  bounds.ver_max = 6;
  assert_fails(choose(), BS_WORD_stale, "below ver_min, 6");
}

/* ver_max asks for an old version: the floor still holds. */
static void ver_max_does_not_go_below_the_floor(void **state) {
  (void)state;
  find(7, 'a');
  find(5, 'b');
  see(7, 'a');
  bounds.ver_max = 6;
  assert_fails(choose(), BS_WORD_stale, "older than version 7");
  assert_chosen(-1, -1, 0);
}

/* ---- two contents of one version ---- */

static void two_contents_are_a_conflict(void **state) {
  (void)state;
  find(7, 'a');
  find(7, 'b');
  find(5, 'c');
  assert_fails(choose(), BS_WORD_conflict, "Two contents were signed for one version, 7");
  assert_chosen(-1, -1, 7);
}

static void what_was_seen_settles_it_for_this_reader(void **state) {
  (void)state;
  find(7, 'a');
  find(7, 'b');
  see(7, 'b');
  assert_ok(choose());
  assert_chosen(1, 1, 7);
}

static void a_floor_that_is_neither_settles_nothing(void **state) {
  (void)state;
  find(7, 'a');
  find(7, 'b');
  see(7, 'c');
  assert_fails(choose(), BS_WORD_conflict, "7");
  assert_chosen(-1, -1, 7);
}

static void another_content_than_was_seen(void **state) {
  (void)state;
  find(7, 'a');
  see(7, 'b');
  assert_fails(choose(), BS_WORD_conflict, "7");
  assert_chosen(-1, -1, 7);
}

static void the_caller_chooses_by_z(void **state) {
  (void)state;
  find(7, 'a');
  find(7, 'b');
  bounds.z = z_of[1];
  assert_ok(choose());
  assert_chosen(1, -1, 7); /* the caller's choice is no belief */
  bounds.z = z_of[2];
  assert_fails(choose(), BS_WORD_conflict, "7");
  see(7, 'a');
  bounds.z = z_of[1]; /* goes before what was seen */
  assert_ok(choose());
  assert_chosen(1, -1, 7);
  bounds.z = z_of[0];
  assert_ok(choose());
  assert_chosen(0, 0, 7);
  bounds.z = z_of[2]; /* nobody gave it, and nothing stands for it */
  assert_fails(choose(), BS_WORD_conflict, "7");
}

static void z_may_choose_against_the_floor(void **state) {
  (void)state;
  find(7, 'a');
  see(7, 'b');
  bounds.z = z_of[0];
  assert_ok(choose());
  assert_chosen(0, -1, 7);
}

static void z_chooses_nothing_where_nothing_is_disputed(void **state) {
  (void)state;
  find(7, 'a');
  find(5, 'b');
  bounds.z = z_of[1];
  assert_ok(choose());
  assert_chosen(0, 0, 0);
}

static void a_higher_version_settles_it(void **state) {
  (void)state;
  find(8, 'c');
  find(7, 'a');
  find(7, 'b');
  see(7, 'a');
  assert_ok(choose());
  assert_chosen(0, 0, 0);
}

static void a_dispute_above_ver_max_is_passed_over(void **state) {
  (void)state;
  find(7, 'a');
  find(7, 'b');
  find(5, 'c');
  bounds.ver_max = 6;
  assert_ok(choose());
  assert_chosen(2, 2, 0);
}

/* ---- what is there, but not to be had ---- */

static void a_tombstone_ends_it(void **state) {
  (void)state;
  find_tombstone(7, 'a');
  find(5, 'b');
  assert_fails(choose(), BS_WORD_deleted, "by version 7");
  assert_chosen(-1, 0, 0); /* and is remembered */
  bounds.ver_max = 6;
  assert_ok(choose());
  assert_chosen(1, 1, 0);
}

static void a_tombstone_beside_data_is_a_conflict(void **state) {
  (void)state;
  find_tombstone(7, 'a');
  find(7, 'b');
  assert_fails(choose(), BS_WORD_conflict, "7");
  assert_chosen(-1, -1, 7);
  bounds.z = z_of[0];
  assert_fails(choose(), BS_WORD_deleted, "7");
  assert_chosen(-1, -1, 7);
  bounds.z = z_of[1];
  assert_ok(choose());
  assert_chosen(1, -1, 7);
}

static void an_expired_version_is_not_handed_out(void **state) {
  struct bs_found *found;

  (void)state;
  found = find(7, 'a');
  find(5, 'b');
  found->verified.statement.expires = 1001;
  assert_ok(choose());
  bounds.now = 1001;
  assert_fails(choose(), BS_WORD_expired, "The newest version, 7, has expired");
  assert_chosen(-1, 0, 0); /* the lower one does not come back for it */
  bounds.ver_max = 5;
  assert_ok(choose());
  assert_chosen(1, 1, 0);
}

static void data_that_was_not_kept_is_not_handed_out(void **state) {
  (void)state;
  find(7, 'a')->has_data = false;
  assert_fails(choose(), BS_WORD_too_large, "limits.mutable_record");
  assert_null(choice.found);
  assert_false(choose());
  assert_int_equal(error.result, BLOCKSTORE_FORGED); /* the fault is not the caller's */
}

/* ---- the caller's check ---- */

static uint64_t checked[MOST], wanted;
static size_t check_count;

static bool accepts(void *user, const struct bs_found *found) {
  assert_ptr_equal(user, &bounds);
  checked[check_count++] = found->verified.statement.ver;
  return found->verified.statement.ver == wanted;
}

static void check_for(uint64_t ver) {
  bounds.accepts = accepts;
  bounds.user = &bounds;
  check_count = 0;
  wanted = ver;
}

static void the_check_goes_down(void **state) {
  (void)state;
  find(7, 'a');
  find(5, 'b');
  find(3, 'c');
  check_for(5);
  assert_ok(choose());
  assert_chosen(1, 1, 0);
  assert_int_equal(check_count, 2);
  assert_int_equal(checked[0], 7);
  check_for(1);
  assert_fails(choose(), BS_WORD_not_found, "within the bounds");
  assert_chosen(-1, -1, 0);
  assert_int_equal(check_count, 3);
}

static void the_check_does_not_go_below_the_floor(void **state) {
  (void)state;
  find(7, 'a');
  find(5, 'b');
  see(6, 'c');
  check_for(5);
  assert_fails(choose(), BS_WORD_stale, "older than version 6");
  assert_chosen(-1, -1, 0);
  assert_int_equal(check_count, 1);
}

/* A tombstone is no candidate that a check could refuse, nor is what has expired. */
static void the_check_brings_nothing_back(void **state) {
  (void)state;
  find_tombstone(7, 'a');
  find(5, 'b');
  check_for(5);
  assert_fails(choose(), BS_WORD_deleted, "7");
  assert_int_equal(check_count, 0);
}

static void the_check_sees_what_z_chose(void **state) {
  (void)state;
  find(7, 'a');
  find(7, 'b');
  find(5, 'c');
  check_for(5);
  bounds.z = z_of[1];
  assert_ok(choose()); /* the dispute is refused with its version */
  assert_chosen(2, 2, 0);
  assert_int_equal(check_count, 2);
}

static void a_finding_becomes_a_floor(void **state) {
  struct bs_found *found;
  struct bs_seen as_seen;

  (void)state;
  found = find(7, 'b');
  found->verified.statement.expires = 12;
  memset(found->verified.statement.sha256, 4, BS_SHA256_SIZE);
  memset(found->verified.signer, 5, BS_HASH160_SIZE);
  memcpy(found->sig, "v2:abc", 7);
  as_seen = bs_seen_of(found);
  assert_int_equal(as_seen.ver, 7);
  assert_int_equal(as_seen.expires, 12);
  assert_int_equal(as_seen.length, 3);
  assert_memory_equal(as_seen.z, z_of[1], sizeof as_seen.z);
  assert_memory_equal(as_seen.sha256, found->verified.statement.sha256, sizeof as_seen.sha256);
  assert_memory_equal(as_seen.signer, found->verified.signer, sizeof as_seen.signer);
  assert_string_equal(as_seen.sig, "v2:abc");
  assert_false(as_seen.is_tombstone || as_seen.is_legacy);
  find_tombstone(6, 'a')->generation = BS_MUTABLE_LEGACY;
  as_seen = bs_seen_of(&items[1]);
  assert_true(as_seen.is_tombstone && as_seen.is_legacy);
}

#define fresh(test) cmocka_unit_test_setup(test, reset)

int main(void) {
  const struct CMUnitTest tests[] = {
      fresh(the_highest_is_believed),
      fresh(nothing_was_found),
      fresh(no_version_falls_below_the_floor),
      fresh(the_route_has_a_lowest),
      fresh(the_caller_has_bounds),
      fresh(ver_max_does_not_go_below_the_floor),
      fresh(two_contents_are_a_conflict),
      fresh(what_was_seen_settles_it_for_this_reader),
      fresh(a_floor_that_is_neither_settles_nothing),
      fresh(another_content_than_was_seen),
      fresh(the_caller_chooses_by_z),
      fresh(z_may_choose_against_the_floor),
      fresh(z_chooses_nothing_where_nothing_is_disputed),
      fresh(a_higher_version_settles_it),
      fresh(a_dispute_above_ver_max_is_passed_over),
      fresh(a_tombstone_ends_it),
      fresh(a_tombstone_beside_data_is_a_conflict),
      fresh(an_expired_version_is_not_handed_out),
      fresh(data_that_was_not_kept_is_not_handed_out),
      fresh(the_check_goes_down),
      fresh(the_check_does_not_go_below_the_floor),
      fresh(the_check_brings_nothing_back),
      fresh(the_check_sees_what_z_chose),
      fresh(a_finding_becomes_a_floor),
  };

  return RUN_TESTS(tests);
}

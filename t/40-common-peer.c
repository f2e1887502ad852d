/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "plugins/common/peer.h"
#include "t/lib/unit.h"

static bool is_public(const char *text) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

  if (inet_pton(AF_INET, text, &in.sin_addr) == 1) return bs_peer_is_public((const struct sockaddr *)&in);
  assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
  return bs_peer_is_public((const struct sockaddr *)&in6);
}

/* The edges of each range, and what lies beside them. */
static const char *const special[] = {
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
    "169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255",
    "192.88.99.0", "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.0",
    "198.51.100.255", "203.0.113.0", "203.0.113.255", "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255", "::",
    "::1", "100::1", "1fff::1", "2001::1", "2001:0:ffff::1", "2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:30::1",
    "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fbff::1", "fc00::1",
    "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1"};
static const char *const common[] = {
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
    "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.31.196.1", "192.88.98.255",
    "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
    "203.0.112.255", "203.0.114.0", "223.255.255.255", "2000::1", "2001:200::1", "2001:4860::1", "2001:db7:ffff::1",
    "2001:db9::1", "2a00::1", "3ffe:ffff::1", "3fff:1000::1"};

/* What stands for an address of IPv4 is as public as that one, where there is a way to it at all. */
static const char *const inner_special[] = {
    "::ffff:10.0.0.1", "::ffff:203.0.113.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:a00:1::1", "2002:7f00:1::1",
    "2a00::5efe:10.0.0.1", "2a00::200:5efe:127.0.0.1", "::127.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8", "::ffff:0:10.0.0.1",
    "64:ff9b:1::10.0.0.1", "64:ff9b:1::8.8.8.8", "64:ff9b:0:0:1::8.8.8.8"};
static const char *const inner_common[] = {"::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2a00::5efe:8.8.8.8",
                                           "2a00::200:5efe:8.8.8.8", "2a00::100:5efe:10.0.0.1"};

static void all_are(bool public, const char *const *texts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (is_public(texts[i]) != public || bs_peer_host_is_public(texts[i]) != public)
      fail_msg("%s is %spublic", texts[i], public ? "not " : "");
}

static void addresses_are_told_apart(void **state) {
  struct sockaddr other = {.sa_family = AF_UNIX};

  (void)state;
  all_are(false, special, sizeof special / sizeof special[0]);
  all_are(true, common, sizeof common / sizeof common[0]);
  all_are(false, inner_special, sizeof inner_special / sizeof inner_special[0]);
  all_are(true, inner_common, sizeof inner_common / sizeof inner_common[0]);
  assert_false(bs_peer_is_public(&other));
}

static void hosts_are_told_apart(void **state) {
  static const char *const private_hosts[] = {"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.1", "0x7f.1",
                                              "2130706433", "0177.0.0.1", "[::1]", "[fe80::1%25eth0]", "127.0.0.1.", ""};
  static const char *const public_hosts[] = {"example.org", "localhost.example.org", "notlocalhost", "8.8.8.8", "[2a00::1]"};

  (void)state;
  for (size_t i = 0; i < sizeof private_hosts / sizeof private_hosts[0]; i++)
    if (bs_peer_host_is_public(private_hosts[i])) fail_msg("%s is public", private_hosts[i]);
  for (size_t i = 0; i < sizeof public_hosts / sizeof public_hosts[0]; i++)
    if (!bs_peer_host_is_public(public_hosts[i])) fail_msg("%s is not public", public_hosts[i]);
}

static void this_machine_is_known(void **state) {
  static const char *const own[] = {"localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.1", "127.255.255.255", "0x7f.1",
                                    "2130706433", "0.0.0.0", "[::1]", "::1", "[::]", "[::ffff:127.0.0.1]", "[::1%25lo]"};
  static const char *const others[] = {"", "example.org", "localhost.", "a.localhost.", "127.0.0.1.", "127.example",
                                       "localhost.example.org", "notlocalhost", "126.255.255.255", "128.0.0.1", "10.0.0.1",
                                       "0.0.0.1",  "[::2]", "[fe80::1%25eth0]", "[::ffff:10.0.0.1]", "[2a00::1]"};

  (void)state;
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (!bs_peer_host_is_loopback(own[i])) fail_msg("%s is another", own[i]);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (bs_peer_host_is_loopback(others[i])) fail_msg("%s is this machine", others[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(addresses_are_told_apart), cmocka_unit_test(hosts_are_told_apart),
                                     cmocka_unit_test(this_machine_is_known)};

  return RUN_TESTS(tests);
}

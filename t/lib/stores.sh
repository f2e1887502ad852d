# SPDX-License-Identifier: MIT
# For tests with a store of each kind that a server is there for: . "$srcdir/t/lib/stores.sh", after t/lib/servers.sh and the
# functions store and secret.  A kind whose server cannot be had is left out with a skip that says why.

# with SERVER: true when it is there.
with() {
  has_server "$1" && return
  servers_are_required && report 1 "there is a server: $1" "$reason" || skip "$1: $reason"
  return 1
}


# SPDX-License-Identifier: MIT
# For tests of the ipfs driver: . "$srcdir/t/lib/ipfs.sh", after t/lib/tap.sh or what sources it.

# cid KEY: computed from the key alone, as the manual page says.
computation=$(sed -n 's/^  //; /^cid=b/,/)$/p' "$srcdir/plugins/ipfs/ipfs.pod")
cid() (
  export key="$1"
  eval "$computation"
  printf '%s' "$cid"
)

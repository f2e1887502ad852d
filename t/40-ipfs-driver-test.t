#!/bin/sh
# SPDX-License-Identifier: MIT
# The ipfs driver with a node does what is asked of a driver; BLOCKSTORE_TEST_LONG=1: all of it, which takes minutes.  What the
# network has, and IPNS, are for t/40-ipfs.t.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/conformance.sh"
need_server ipfs
program=$builddir/tools/bin/blockstore-driver-test
node=http://127.0.0.1:$IPFS_PORT

# What is left out, and why.
#   ids: the name of a file for an id is made by plugins/common/layout.c, which t/90-doc-driver-test.t tries with all of them, by
#        the disk driver.  Here it goes into a query and into a URL: with what means something there, and at its longest.
#   manners of a process: libcurl's doing, which plugins/common keeps from the program; t/40-s3-driver-test.t shows all of them.
#   many, largest: the node takes a minute for them; threads.parallel puts many at once, t/40-ipfs.t 64 MiB.
#   versions, signatures: the driver looks at neither.
ids='ids\.(slashes|dots|edges|prefixes|spaces|escapes|shell-characters|controls|null-escapes|case|non-ascii|normal-forms|wide|short|last-byte|names)'
manners='manners\.(signals|raised|locale|directory|umask|environment|limits|floating|threads|children|zombies|silent|newer-host)'
records='mutable\.(many|largest|versions|signatures)'
left_out="filter\.below|$ids|$manners|$records|immutable\.(many|largest)"
is "$("$program" --list | sed 's/ .*//' | grep -cE "^($left_out)$")" 36 'what is left out is there'
conforms_twice ipfs 'the driver does not declare itself durable|the store is nowhere in @DIR@' -o rpc="$node" -o search=0s -o publish=0s \
  -o directory="/$own" -o key="$own" -O directory="/$own-other" -O key="$own-other"
done_testing

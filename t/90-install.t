#!/bin/sh
# SPDX-License-Identifier: MIT
# What is installed: the library, its headers and pkg-config file, the drivers without their .la, the tool, the manuals, with a
# link for each function, completion for three shells, the parts that drivers copy; and all of it goes again.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"

# The archive is there only where it was built.
installed() {
  (cd "$work/root" && find . ! -type d) | sed 's|.*/||' | grep -vxE 'libblockstore\.a|blockstore_.*\.3' | LC_ALL=C sort
}

# Names of several lines, one a line.
wanted() {
  tr -s ' ' '\n' | LC_ALL=C sort
}

succeeds 'make install' make -C "$builddir" -s install DESTDIR="$work/root"
is "$(installed)" "$(wanted <<'END'
_blockstore-cli blockstore-cli blockstore-cli blockstore-cli.fish blockstore-driver-test blockstore-python-driver blockstored
blockstore-cli.1 blockstore-driver-test.1 blockstore-python-driver.1 blockstore-driver.3 blockstore-filter.3 blockstore.3 blockstore.7 blockstore.yaml.5 blockstored.8
_blockstored blockstored blockstored.fish
blockstored.service blockstored.socket
blockstore.h blockstore.m4 blockstore.pc driver.h filter.h libblockstore.la libblockstore.so libblockstore.so.0 libblockstore.so.0.0.0
driver-host
blockstore-delay.7 delay.so
blockstore-cache.7 cache.so
blockstore-dht.7 dht.so
blockstore-disk.7 disk.so
blockstore-error.7 error.so
blockstore-exec.7 exec.so
blockstore-encrypt.7 encrypt.so
blockstore-ftp.7 ftp.so
blockstore-http.7 http.so
blockstore-ipfs.7 ipfs.so
blockstore-log.7 log.so
blockstore-rate.7 rate.so
blockstore-readonly.7 readonly.so
blockstore-retry.7 retry.so
blockstore-s3.7 s3.so
blockstore-syndicate.7 syndicate.so
blockstore-tahoe.7 tahoe.so
Makefile Makefile Makefile Makefile.am Makefile.am README.md README.md blockstore-mask.pod blockstore-sqlite.pod blockstore.yaml blockstore.yaml configure.ac configure.ac driver.map main.c mask.c plain.mk plain.mk
sha256.h sqlite.c sqlite.cc store.py store.sh
get-mutable.c get.c put.c
chance.c chance.h compare.c compare.h endpoint.c endpoint.h errand.c errand.h fault.c fault.h health.c health.h http.c http.h label.c label.h layout.c layout.h passing.c passing.h pause.c pause.h peer.c peer.h proxy.c proxy.h quiet.c quiet.h transfer.c transfer.h tree.c tree.h upload.c upload.h url.c url.h
END
)" 'nothing less, nothing more'
functions=$(sed -n '/^#/d; s/.*BLOCKSTORE_API.*/&/p' "$srcdir/include/blockstore/blockstore.h" | wc -l)
is "$(find "$work/root" -name 'blockstore_*.3' -exec cat {} + | sort | uniq -c | tr -s ' ')" " $functions .so man3/blockstore.3" \
  'each function has its page'
is_empty "$(find "$work/root" -name '*.so' -path '*/drivers/*' ! -perm 755)" 'only the owner can change a driver'
for file in bash-completion/completions/blockstore-cli zsh/site-functions/_blockstore-cli fish/vendor_completions.d/blockstore-cli.fish; do
  succeeds "$file says whose it is" grep -rqF "printed by: blockstore-cli completion ${file%%[-/]*}" "$(find "$work/root" -path "*/share/$file")"
done
for file in bash-completion/completions/blockstored zsh/site-functions/_blockstored fish/vendor_completions.d/blockstored.fish; do
  succeeds "$file is the server's" grep -qE '(complet|compdef).*blockstored' "$(find "$work/root" -path "*/share/$file")"
done
unit=$(find "$work/root" -name blockstored.service)
like "$(cat "$unit")" '^ExecStart=/.*/blockstored -c /.*/blockstored\.yaml$' 'the unit starts what is installed'
fails 'all of it is filled in' grep -q '@[a-z]*@' "$unit"
if command -v systemd-analyze >/dev/null; then
  sed "s|^ExecStart=[^ ]*|ExecStart=/bin/true|; /^Documentation=/d" "$unit" >"$work/blockstored.service"
  sed "/^Documentation=/d" "$(dirname "$unit")/blockstored.socket" >"$work/blockstored.socket"
  is_empty "$(systemd-analyze verify "$work/blockstored.service" "$work/blockstored.socket" 2>&1 | grep -F "$work")" 'systemd finds nothing wrong with the units'
else
  skip 'needs systemd-analyze'
fi
succeeds 'make uninstall' make -C "$builddir" -s uninstall DESTDIR="$work/root"
is_empty "$(find "$work/root" ! -type d ! -name libblockstore.a)" 'nothing is left'
done_testing

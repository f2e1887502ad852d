# SPDX-License-Identifier: MIT
# For tests of what the author of a driver gets: . "$srcdir/t/lib/sdk.sh".  Blockstore is installed below $prefix, where
# pkg-config, aclocal and cli find it; examples/driver is copied to wherever it is wanted.
. "$(dirname "$0")/lib/cli.sh"
umask 022
for tool in pkg-config "${sdk_tools-make}"; do
  command -v "$tool" >/dev/null || skip_all "needs $tool"
done

variable() {
  sed -n "s/^$1 = //p" "$builddir/Makefile"
}

install_sdk() {
  own=$(variable prefix)
  prefix=$work/root$own
  if ! make -C "$builddir" -s install DESTDIR="$work/root" >"$work/install" 2>&1; then
    cat "$work/install"
    echo 'Bail out! make install'
    exit 1
  fi
  library=$(dirname "$(find "$prefix" -name libblockstore.so)")
  # As if it had been configured for that prefix.
  sed -i "s|^prefix=.*|prefix=$prefix|; s|=$own/|=$prefix/|" "$library/pkgconfig/blockstore.pc"
  PKG_CONFIG_PATH=$library/pkgconfig
  ACLOCAL_PATH=$prefix/share/aclocal
  LD_LIBRARY_PATH=$library
  export PKG_CONFIG_PATH ACLOCAL_PATH LD_LIBRARY_PATH
  unset BLOCKSTORE_PLUGIN_PATH DESTDIR MAKEFLAGS MAKELEVEL MFLAGS CONFIG_SITE
}
install_sdk

# The tool as it was installed.
cli() {
  status=0
  "$prefix/bin/blockstore-cli" "$@" >"$out" 2>"$err" || status=$?
}

# copy_driver DIRECTORY: the example as it was installed, as its reader would copy it.
copy_driver() {
  cp -r "$(pkg-config --variable=docdir blockstore)/examples/driver" "$1"
  chmod -R u+w "$1"
}

# use_driver DIRECTORY NAME FILE: $config has one store, of that driver in that directory.
config=$work/blockstore.yaml
use_driver() {
  cat >"$config" <<END
plugin_path: [$1]
stores:
  - name: objects
    driver: $2
    file: $3
END
}

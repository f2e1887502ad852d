# SPDX-License-Identifier: MIT
# For tests of what the author of a driver gets: . "$srcdir/t/lib/sdk.sh".  Blockstore is installed below $prefix, where
# pkg-config, aclocal and cli find it; examples/driver and examples/filter are copied to wherever they are wanted.
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

# copy_example NAME DIRECTORY: examples/NAME as it was installed, as its reader would copy it.
copy_example() {
  cp -r "$(pkg-config --variable=docdir blockstore)/examples/$1" "$2"
  chmod -R u+w "$2"
}

# rename_example NAME DIRECTORY: what is called NAME in that copy becomes `mine`, as its README says.
rename_example() {
  sed -n '/^## Make it yours/,/^(/s/^    //p' "$2/README.md" >"$work/rename"
  is "$(wc -l <"$work/rename")" 2 'the README tells how it is renamed'
  succeeds 'it is renamed' sh -c "cd '$2' && sh -eu '$work/rename'"
  is_empty "$(find "$2" -name "*$1*"; grep -rwl "$1" "$2" --exclude=README.md)" "nowhere is it called $1"
}

# exports_entry FILE NAME: the driver NAME has one symbol for others.
exports_entry() {
  is "$(nm -D --defined-only --format=posix "$1" | sed 's/ .*//')" "$2_LTX_blockstore_driver" 'it exports one symbol'
}

# configure ARGUMENT...: of the copy in $work/mine, in $work/try, with what the first run found out of the compiler.
configure() {
  mkdir -p "$work/try"
  if [ -e "$work/cache" ]; then cp "$work/cache" "$work/try/config.cache"; fi
  (cd "$work/try" && "$work/mine/configure" -q -C "$@") 2>&1 || return
  [ -e "$work/cache" ] || grep -vE 'ac_cv_env_|pkg_cv_|PKG_CONFIG' "$work/try/config.cache" >"$work/cache"
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

# SPDX-License-Identifier: MIT
# Every plugin is held to all behaviours of blockstore-driver-test, in process and isolated: . "$srcdir/t/lib/conformance.sh", after
# t/lib/tap.sh or what sources it.  Of a plugin that needs a real server the test that has it calls `conforms_twice` itself, as its row says.
# With BLOCKSTORE_TEST_BRIEF=1 a few behaviours are tried.

# PLUGIN KIND ARGUMENT...  KIND: store, filter (above disk; its argument is that of --filter behind the name), program (a store that
# exec asks), or the test that has its server.
conformance_rows() {
  cat <<END
disk store -o root=@DIR@/store
exec program store.sh
exec program store.py
cache filter directory=@DIR@/cache,size=64K,fresh=1h
delay filter jitter=2ms,seed=1
encrypt filter key_file=$work/key
error filter at=1000000,seed=1
log filter
rate filter calls=1000000,bytes=1G
readonly filter
retry filter
dht t/40-dht.t
ftp t/40-ftp.t
http t/40-http-dav.t
ipfs t/40-ipfs-driver-test.t
s3 t/40-s3-driver-test.t
syndicate t/40-syndicate.t
tahoe t/40-tahoe.t
END
}

# No more than one call in a second would do harm here: what waits, waits together.
jobs=4
brief=opening.opens,immutable.byte,immutable.mebibyte,immutable.delete,mutable.shorter,urls.own,streams.source-first,visibility.same,deadlines.put-immutable,threads.parallel

# Where the kernel can, what is isolated is in a sandbox, too; $sandbox is empty where it cannot.  find_sandbox [env VARIABLE=VALUE]
isolated=--isolate=process
sandbox=
find_sandbox() {
  "$builddir/run" "$@" blockstore-driver-test --isolate --only=opening.opens "$builddir/plugins/.libs/disk.so" -o root=@DIR@/store \
    >"$work/sandbox" 2>&1 && isolated=--isolate sandbox=yes
}
# Was it the kernel, or the processor, that find_sandbox failed of?
lacks_sandbox() {
  grep -qE 'This kernel|this kind of processor' "$work/sandbox"
}

# Reasons that are the nature of a driver and of what is around it.
nature='(the driver|the filter that is asked first) declares threads=parallel|isolated, the driver has threads=parallel'
nature="$nature|the driver declares no largest object|the largest object that it declares has [0-9]+ bytes: see --largest"
nature="$nature|the largest object that the driver declares is beyond --largest"
nature="$nature|the driver is (no filter|a store, and no filter)|(the filter|one of the filters) declares that it changes data"
nature="$nature|the driver has no (SECRET|such) option"
nature="$nature|the driver is isolated, and knows another host than ours"

# but EXPRESSION: --only of all others; with BLOCKSTORE_TEST_LONG=1 of all.
but() {
  [ -z "${BLOCKSTORE_TEST_LONG-}" ] || set -- ''
  printf -- '--only=%s' "$("$builddir/run" blockstore-driver-test --list | sed 's/ .*//' | grep -vE "^($1)$" | paste -sd ,)"
}
# What thousands of processes leave behind is asked once of exec and of what is isolated; and where each call costs the most, what
# was seen in this process, or takes hundreds of calls.
thousands='opening\.(leaks|failed-leaks)'
sparing="$thousands|(file|ids|options|filter)\\..*|.*\\.many|urls\\.(distinct|long)"

# conforms_twice PLUGIN SKIPPED ARGUMENT...: in process and isolated, but for what the expression $left_out names; isolated, also but
# for that of $left_out_isolated, and for what this process has of an isolated driver: t/40-conformance.t asks that of disk.  Servers
# on a busy machine have their time.
left_out=filter.below left_out_isolated=none
conforms_twice() {
  plugin=$1 allowed=$2
  shift 2
  conforms "$plugin" "$allowed" --patience=1m --timeout=5m "$(but "$left_out")" "$builddir/plugins/.libs/$plugin.so" "$@"
  find_sandbox || : # t/40-conformance.t says so
  conforms "$plugin, isolated" "$allowed" --patience=1m --timeout=5m "$isolated" "$(but "$left_out|$left_out_isolated|$sparing|(manners|urls)\..*")" \
    "$builddir/plugins/.libs/$plugin.so" "$@"
}

# conforms WHAT SKIPPED ARGUMENT...: all behaviours are shown, or skipped for its nature or as the expression allows.
conforms() {
  what=$1 skipped=$2
  shift 2
  status=0
  "$builddir/run" blockstore-driver-test --jobs="$jobs" "$@" ${BLOCKSTORE_TEST_BRIEF:+--only="$brief"} >"$work/conforms" 2>&1 || status=$?
  report "$status" "$what" "$(grep -A 3 '^not ok' "$work/conforms" || tail -n 3 "$work/conforms")"
  is_empty "$(grep '# SKIP ' "$work/conforms" | grep -vE "# SKIP ($nature${skipped:+|$skipped})\$")" \
    "$what: nothing else is skipped"
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# -v tells on stderr what is done, a line each; a bar shows the progress on a terminal, and nowhere else.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
cli put_immutable alice.id 'some data'
key=$(printf 'some data' | sha256)

exits 0 'without -v' get_immutable alice.id "$key"
is "$(cat "$err")" '' 'stderr is silent'
cp "$out" "$work/silent"
exits 0 '-v' -v get_immutable alice.id "$key"
cp "$err" "$work/once"
exits 0 '-vv' -vv get_immutable alice.id "$key"
succeeds 'stdout is the same' cmp "$out" "$work/silent"
cp "$err" "$work/twice"
like "$(cat "$work/twice")" 'disk\.so' 'the driver file is named before it is loaded'
is_empty "$(grep -vhE '^blockstore-cli: (error|warning|information|debug): .' "$work/once" "$work/twice")" 'each line has its level'
is "$(grep -c ' debug: ' "$work/once")" 0 'debug lines want -vv'
exits 0 '-v -v is -vv' -v get_immutable alice.id "$key" --verbose
is "$(wc -l <"$err")" "$(wc -l <"$work/twice")" 'with as many lines'
is "$(grep -c "$(cat "$HOME/key")" "$work/once" "$work/twice" | tr '\n' ' ')" "$work/once:0 $work/twice:0 " 'the key is not logged'

# A driver that crashes the process as it is loaded: what was said before names its file.
printf 'plugin_path: [%s]\nstores:\n  - {name: a, driver: crashing}\n' "$builddir/t/modules/.libs" >"$work/crash.yaml"
cli -v -c "$work/crash.yaml" stores 2>/dev/null
[ "$status" -gt 128 ]
report $? 'a driver crashes the process' "status $status $(cat "$err")"
like "$(grep '^blockstore-cli: ' "$err" | tail -n 1)" 'crashing\.so' 'the last line of the log names its file'

if command -v script >/dev/null; then
  cat >"$work/slow" <<'END'
#!/bin/sh
for i in 1 2 3 4 5 6 7 8; do
  head -c 2000000 /dev/zero
  sleep 0.2
done | "$@" >"$0.out"
END
  chmod +x "$work/slow"
  for quiet in '' -q; do
    script -qec "'$work/slow' '$builddir/run' blockstore-cli $quiet put_immutable alice.id -" /dev/null </dev/null >"$work/terminal$quiet"
    is "$?" 0 "a slow put on a terminal $quiet"
  done
  like "$(tr '\r' '\n' <"$work/terminal")" 'MiB/s' 'a bar is drawn'
  like "$(tr '\r' '\n' <"$work/terminal" | tail -n 1 | od -An -c | tr -d ' \n')" '033\[K$' 'and erased at the end'
  is "$(cat "$work/terminal-q")" '' 'with -q there is none'
else
  skip 'needs script'
fi
done_testing

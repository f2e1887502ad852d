#!/bin/sh
# SPDX-License-Identifier: MIT
# The two programs that blockstore-exec(7) shows, in every shell that there is: what one has put the other gives, and nothing of them
# is left.  (t/40-conformance.t holds them to all behaviours.)
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
driver='exec'
. "$srcdir/t/lib/drive.sh"
[ -w /dev/shm ] && export TMPDIR=/dev/shm
examples=$srcdir/examples/exec

cp "$examples/store.sh" "$examples/store.py" "$work"
chmod 755 "$work/store.sh" "$work/store.py"
python=/usr/bin/python3
[ -x $python ] || python=

# The other shells, briefly.
some='opening.opens,immutable.byte,immutable.mebibyte,mutable.shorter,mutable.delete,ids.longest,urls.own,urls.climbing,streams.source-first,deadlines.put-*'
for shell in dash bash 'busybox sh'; do
  command -v "${shell% *}" >/dev/null || { skip "needs ${shell% *}"; continue; }
  printf '#!/bin/sh\nexec %s %s\n' "$shell" "$work/store.sh" >"$work/other"
  chmod 755 "$work/other"
  succeeds "$shell runs it, too" "$builddir/run" blockstore-driver-test "$builddir/plugins/.libs/exec.so" --only="$some" \
    -o program="$work/other" -o options=root=@DIR@/store
done

# As blockstore-exec(7) has it for who knows standard input and output alone.
sed 's/ <&3//g; s/ >&3//g' "$work/store.sh" >"$work/plain"
chmod 755 "$work/plain"
fails 'it does not use the descriptor itself' grep '&3' "$work/plain"
succeeds 'a shell gives it standard input and output instead' "$builddir/run" blockstore-driver-test \
  "$builddir/plugins/.libs/exec.so" --only="$some" -o program=/bin/sh -o arguments=-c -o arguments="exec $work/plain <&3 >&3" \
  -o options=root=@DIR@/store

# Something stands there that it cannot delete.
mkdir -p "$work/stuck/immutable/stone"
calls FAILED 'what cannot be deleted' program="$work/store.sh" options=root="$work/stuck" <<END
deadline 5000
delete_immutable stone
END
told 'It stays.' 'is told, not waited for'

# One directory, two programs.
head -c 3000000 /dev/urandom >"$work/data"
echo 'a record' >"$work/record"
key=$(sha256 "$work/data")
calls 'OK OK OK' 'the script puts' program="$work/store.sh" options=root="$work/both" <<END
put_immutable $key $work/data
put_mutable 0a8ce26f:alice.id:a/b%c $work/record
make_mutable_url 0a8ce26f:alice.id:a/b%c
END
[ -n "$python" ] || { skip 'needs /usr/bin/python3'; done_testing; exit; }
url=$(grep '^exec:' "$said")
calls 'OK OK OK' 'Python gives' program="$work/store.py" options=root="$work/both" <<END
get_immutable $key $work/got
get_mutable $url $work/got-record
check
END
succeeds 'the same data' cmp "$work/data" "$work/got"
succeeds 'and the same record' cmp "$work/record" "$work/got-record"
like "$(cat "$said")" '"free": [0-9]+' 'check says what is free'
is_empty "$(find "$work/both/new" -type f)" 'nothing is left of the puts'
done_testing

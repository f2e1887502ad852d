#!/bin/sh
# SPDX-License-Identifier: MIT
# The http driver with a real WebDAV server: all that is asked of a driver, logins, objects of every size, a copy for reading.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=http
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/conformance.sh"
need_server apache
at=http://127.0.0.1:$APACHE_PORT
(umask 077 && echo "$APACHE_PASSWORD" >"$work/password" && echo misremembered >"$work/wrong")

# collection PATH: a new one on the server.
collection() {
  curl -sf -m 5 --noproxy '*' -o /dev/null --anyauth -u "$APACHE_USER:$APACHE_PASSWORD" -X MKCOL "$at/$1/"
}

# behaves WHAT ARGUMENT...: of a driver, and skips nothing but what it does not declare.
behaves() {
  what=$1
  shift
  "$builddir/tools/bin/blockstore-driver-test" "$@" "$builddir/plugins/.libs/http.so" >"$said" 2>&1
  report $? "$what: it does what a driver must" "$(grep -A1 '^not ok' "$said" || tail -n 3 "$said")"
  is_empty "$(grep '# SKIP ' "$said" | grep -vE 'SKIP the driver (does not declare itself durable|declares (no largest object|threads=parallel))$|@DIR@$')" \
    "$what: nothing else is skipped"
}

for name in "dav/$own" "dav/$own-2" "dav/$own-put" "private/$own" "digest/$own"; do collection "$name"; done
# Apache's MOVE over a file is not atomic: beside a busy writer one read in a hundred finds none.  Its PUT is.
conforms_twice http 'the driver does not declare itself durable|the store is nowhere in @DIR@' -o root="$at/dav/$own-put" \
  -O root="$at/dav/$own-2" -o replace=put
behaves 'by MOVE' -o root="$at/dav/$own" --only='opening.opens,immutable.*,mutable.*,ids.*,streams.*'
behaves 'with a password' -o root="$at/private/$own" -o user="$APACHE_USER" -o password=@"$work/password" \
  --only='immutable.*,mutable.*,options.*,opening.check*'
behaves 'by Digest' -o root="$at/digest/$own" -o user="$APACHE_USER" -o password=@"$work/password" --only='immutable.*,mutable.*'

# A wrong password, and one that nobody may read on the way.
printf data >"$work/data"
key=$(sha256 "$work/data")
for login in "user=$APACHE_USER password=@$work/wrong" ''; do
  calls 'DENIED DENIED DENIED DENIED' "a login that is refused: ${login:-none}" root="$at/private/$own" $login <<END
get_immutable $key $work/out
put_immutable $key $work/data
delete_mutable id
check
END
  [ -z "$login" ] || fails 'the password is not told' grep -q misremembered "$said"
done

# Objects of every size; what is there already is not sent again, and damage is replaced.
: >"$work/empty"
printf x >"$work/byte"
head -c 1048576 /dev/urandom >"$work/mebibyte"
head -c 67108864 /dev/urandom >"$work/large"
for file in empty byte mebibyte large; do
  calls 'OK OK OK' "$file" root="$at/dav/$own" <<END
put_immutable $(sha256 "$work/$file") $work/$file
get_immutable $(sha256 "$work/$file") $work/out
put_immutable $(sha256 "$work/$file") $work/$file
END
  succeeds "$file comes back" cmp "$work/$file" "$work/out"
done
key=$(sha256 "$work/mebibyte")
place=$APACHE_ROOT/dav/$own/immutable/$(echo "$key" | sed 's/^\(..\)\(..\).*/\1\/\2/')/$key
succeeds 'the file is where the layout says' cmp "$place" "$work/mebibyte"
printf y | dd of="$place" bs=1 seek=500000 conv=notrunc 2>/dev/null
calls 'OK' 'what is damaged is put again' root="$at/dav/$own" <<END
put_immutable $key $work/mebibyte
END
succeeds 'and is mended' cmp "$place" "$work/mebibyte"
is_empty "$(ls -A "$APACHE_ROOT/dav/$own/.tmp")" 'nothing is left on its way'

# What puts left that never ended is removed when it is old, by its name.
on_its_way=$APACHE_ROOT/dav/$own/.tmp
old=$(printf '%016x' "$(($(date +%s) - 100000))") new=$(printf '%016x' "$(date +%s)")
for name in "$old-0123456789abcdef" "$old-fedcba9876543210" "$old-0123" "$new-0123456789abcdef" mine; do echo x >"$on_its_way/$name"; done
mkdir "$on_its_way/$old-00000000000000ff"
calls 'OK OK' 'the store is looked at' root="$at/dav/$own" <<END
check
check
END
told '"temporaries_swept": 2' 'what is old is removed'
told '"temporaries_swept": 0' 'once'
is "$(ls "$on_its_way" | tr '\n' ' ')" "$old-00000000000000ff $old-0123 $new-0123456789abcdef mine " 'and nothing else'
calls OK 'where puts go to their place at once' root="$at/dav/$own" replace=put <<END
run echo x >$on_its_way/$old-0123456789abcdef
check
END
told '"temporaries_swept": 1' 'it is, too'

# Many begin a new store at once, and all make its collections.
at_once() {
  for i in 1 2 3 4 5 6 7 8; do
    (
      said=$work/said-$i
      drive root="$at/dav/$own-new-$1" <<END
put_mutable $i $work/data
put_immutable $key $work/mebibyte
END
    ) &
  done
  wait
}
: >"$work/failed"
for round in 1 2 3 4 5; do
  collection "dav/$own-new-$round"
  at_once "$round"
  cat "$work"/said-? | grep -v '^OK' >>"$work/failed"
done
is_empty "$(cat "$work/failed")" 'all who begin a store at once can'

# A store of the disk driver that is shown by the server, and one by this driver as a store of disk.
driver=disk
drive root="$work/disk" <<END
put_immutable $key $work/mebibyte
put_mutable 0a8ce26f:a.test:B/c $work/data
END
cp -R "$work/disk" "$APACHE_ROOT/$own-copy"
chmod -R a+rX "$APACHE_ROOT/$own-copy"
driver=http
url=$(echo 'make_mutable_url 0a8ce26f:a.test:B/c' | drive root="$at/$own-copy"; head -n 1 "$said")
rm -f "$work/out"
calls 'OK OK NOT_FOUND UNSUPPORTED OK' 'a copy can be read' root="$at/$own-copy" read_only=true <<END
get_immutable $key $work/out
get_mutable $url $work/record
get_immutable $(sha256 "$work/data") $work/none
put_immutable $key $work/mebibyte
check
END
succeeds 'the object is the same' cmp "$work/out" "$work/mebibyte"
succeeds 'the record, too' cmp "$work/record" "$work/data"
calls 'UNSUPPORTED' 'where there is no WebDAV, nothing is put' root="$at/$own-copy" <<END
put_mutable id $work/data
END
calls 'FAILED FAILED' 'a collection that is missing' root="$at/dav/$own-none" <<END
put_mutable id $work/data
get_immutable $key $work/none
END
told 'There is no such collection' 'is told'
done_testing

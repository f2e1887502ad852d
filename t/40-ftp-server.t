#!/bin/sh
# SPDX-License-Identifier: MIT
# The ftp driver with a real server: whom it trusts and who may log in, trees of the disk driver, and what lies in the root.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=ftp
. "$srcdir/t/lib/drive.sh"
need_server proftpd
(umask 077 && printf %s "$FTP_PASSWORD" >"$work/password" && printf 'it is wrong' >"$work/wrong")
at="host=127.0.0.1 port=$FTP_PORT"
login="user=$FTP_USER password=@$work/password"
ca=ca_file=$FTP_TLS/ca.pem
head -c 1000 /dev/urandom >"$work/data"
echo 'a record' >"$work/record"
key=$(sha256 "$work/data")
id=0a8ce26f:a.test:B/c
place() {
  echo "immutable/$(echo "$1" | sed 's/^\(..\)\(..\).*/\1\/\2/')/$1"
}

calls 'OK OK OK' 'an authority of our own' $at $login "$ca" root="$own" <<END
put_immutable $key $work/data
put_mutable $id $work/record
get_immutable $key $work/out
END
succeeds 'the file is where the layout says' cmp "$work/data" "$FTP_HOME/$own/$(place "$key")"

# refused STATUS SENTENCE WHAT OPTION...
refused() {
  status=$1 sentence=$2 what=$3
  shift 3
  calls "$status $status $status $status" "$what" root="$own" "$@" <<END
get_immutable $key $work/none
put_immutable $key $work/data
delete_mutable $id
check
END
  told "$sentence" "$what: it is told"
  fails "$what: and no password" grep -q -e "$FTP_PASSWORD" -e 'it is wrong' "$said"
}
for tls in explicit implicit; do
  [ $tls = explicit ] && port=$FTP_PORT || port=$FTP_TLS_PORT
  refused FAILED 'not trusted' "$tls: a certificate of nobody" host=127.0.0.1 port="$port" tls=$tls $login
  refused FAILED 'not trusted' "$tls: one of another authority" host=127.0.0.1 port="$port" tls=$tls $login ca_file="$FTP_TLS/stranger.pem"
done
refused FAILED expired 'one that has expired' host=127.0.0.1 port="$FTP_EXPIRED_PORT" $login "$ca"
refused FAILED 'for another host' 'one for another host' host=localhost port="$FTP_OTHER_PORT" $login "$ca"
refused DENIED '530 Login incorrect' 'a wrong password' $at user="$FTP_USER" password=@"$work/wrong" "$ca"
refused DENIED '530 Login incorrect' 'an unknown user' $at user=nobody-here password=@"$work/password" "$ca"
is_empty "$(ls -A "$FTP_HOME/$own/.uploads")" 'what was refused left nothing'

# Everybody may read here, and nobody may write.
if [ "$(id -u)" = 0 ]; then
  driver=ftp
  url=$(echo "make_mutable_url $id" | drive $at root="$own"; head -n 1 "$said")
  rm -f "$work/out"
  calls 'OK OK NOT_FOUND' 'an anonymous login reads' $at root="$own" <<END
get_immutable $key $work/out
get_mutable $url $work/record-out
get_immutable $(sha256 "$work/record") $work/none
END
  succeeds 'the object is the same' cmp "$work/out" "$work/data"
  succeeds 'the record, too' cmp "$work/record-out" "$work/record"
  calls 'DENIED DENIED DENIED DENIED DENIED' 'and changes nothing' $at root="$own" <<END
put_immutable $(sha256 "$work/record") $work/record
put_mutable $id $work/data
delete_immutable $key
delete_mutable $id
check
END
  succeeds 'all of it is there' cmp "$work/record" "$FTP_HOME/$own"/mutable/*/*/*
else
  skip 'only root can let everybody in'
fi

# A tree of the disk driver is read over FTP, and written; and the other way.
driver=disk
calls 'OK OK' 'a store of the disk driver' root="$work/disk" <<END
put_immutable $key $work/data
put_mutable $id $work/record
END
cp -R "$work/disk" "$FTP_HOME/$own-copy"
[ "$(id -u)" != 0 ] || chown -R www-data "$FTP_HOME/$own-copy"
driver=ftp
url=$(echo "make_mutable_url $id" | drive $at $login "$ca" root="$own-copy"; head -n 1 "$said")
rm -f "$work/out" "$work/record-out"
calls 'OK OK OK OK' 'is one of this, too' $at $login "$ca" root="$own-copy" <<END
get_immutable $key $work/out
get_mutable $url $work/record-out
put_mutable $id $work/data
put_immutable $(sha256 "$work/record") $work/record
END
succeeds 'with the same object' cmp "$work/out" "$work/data"
succeeds 'and the same record' cmp "$work/record-out" "$work/record"
cp -R "$FTP_HOME/$own-copy" "$work/back"
[ "$(id -u)" != 0 ] || chown -R root "$work/back"
driver=disk
url=$(echo "make_mutable_url $id" | drive root="$work/back"; head -n 1 "$said")
calls 'OK OK OK' 'and the disk driver reads what was written by FTP' root="$work/back" <<END
get_immutable $(sha256 "$work/record") $work/out
get_mutable $url $work/record-out
check
END
succeeds 'the object' cmp "$work/out" "$work/record"
succeeds 'and the record' cmp "$work/record-out" "$work/data"

# What is damaged is put again; what was left behind long ago is swept.
driver=ftp
printf y | dd of="$FTP_HOME/$own/$(place "$key")" bs=1 seek=500 conv=notrunc 2>/dev/null
calls OK 'what is damaged is put again' $at $login "$ca" root="$own" <<END
put_immutable $key $work/data
END
succeeds 'and is mended' cmp "$FTP_HOME/$own/$(place "$key")" "$work/data"
uploads=$FTP_HOME/$own/.uploads
old=$(printf '%016x' "$(($(date +%s) - 100000))") new=$(printf '%016x' "$(date +%s)") later=$(printf '%016x' "$(($(date +%s) + 200000))")
for name in "$old-0123456789abcdef" "$old-fedcba9876543210" "$old-0123" "$new-0123456789abcdef" "$later-0123456789abcdef" mine; do echo x >"$uploads/$name"; done
calls OK 'the store is looked at' $at $login "$ca" root="$own" <<END
check
END
told '"uploads_swept": 2' 'what puts left long ago is removed'
is "$(ls "$uploads" | tr '\n' ' ')" "$old-0123 $new-0123456789abcdef $later-0123456789abcdef mine " 'and nothing else'
mkdir "$uploads/$old-0123456789abcdef"
calls OK 'something that cannot be removed' $at $login "$ca" root="$own" <<END
check
END
told "What older puts left in $own/.uploads/ stays there: ftp://127.0.0.1:$FTP_PORT/$own/.uploads/$old-0123456789abcdef: The server has it, but refuses: 550" 'is told'
done_testing

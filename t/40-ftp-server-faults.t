#!/bin/sh
# SPDX-License-Identifier: MIT
# The ftp driver with a server and a control connection that fail: each fault ends in the right status, and the next call works.
# t/40-ftp-faults.c has what goes wrong with the data connection, and with what a server says.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=ftp
. "$srcdir/t/lib/drive.sh"
own_server proftpd
through "$FTP_PORT"
store=$FTP_HOME/store
(umask 077 && printf %s "$FTP_PASSWORD" >"$work/password")
options="host=127.0.0.1 user=$FTP_USER password=@$work/password"

cat >"$work/fault" <<END
curl -sf -m 5 --noproxy '*' -o /dev/null -d "\$1" -X PUT http://127.0.0.1:$PROXY_CONTROL/
END
head -c 1000000 /dev/urandom >"$work/data"
head -c 1000000 /dev/urandom >"$work/other"
echo 'the former record' >"$work/former"
echo 'the next' >"$work/next"
key=$(sha256 "$work/data") other=$(sha256 "$work/other")
url=$(echo 'make_mutable_url id' | drive $options port="$PROXY_PORT" root=store; head -n 1 "$said")
calls 'OK OK' 'there are an object and a record' $options port="$FTP_PORT" root=store tls=none <<END
put_immutable $key $work/data
put_mutable id $work/former
END

# each STATUS FAULT WHAT: of reading, writing and deleting; when the fault has ended, all of them work.
each() {
  [ "$1" = CANCELLED ] && deadline=600 || deadline=20000
  cat >"$work/calls" <<END
get_immutable $key $work/out
get_mutable $url $work/record
put_immutable $other $work/other
put_mutable id $work/former
delete_immutable $other
check
END
  calls "$1 $1 $1 $1 $1 $1 OK OK OK OK OK OK" "$3" $options port="$PROXY_PORT" root=store tls=none <<END
run sh $work/fault '$2'
deadline $deadline
$(cat "$work/calls")
run sh $work/fault '{}'
deadline 20000
$(cat "$work/calls")
END
  succeeds "$3: an object is whole then" cmp "$work/out" "$work/data"
  succeeds "$3: and a record" cmp "$work/record" "$work/former"
}

each TRANSIENT '{"refuse": true}' 'connections are reset'
each CANCELLED '{"latency_ms": 1500}' 'it is slower than the deadline'
each TRANSIENT '{"down_limit": 70}' 'the connection ends amid the login'
each TRANSIENT '{"down_limit": 70, "on_limit": "reset"}' 'it is reset there'
each CANCELLED '{"down_limit": 70, "on_limit": "hang"}' 'the server hangs there'
each CANCELLED '{"rate": 40}' 'replies drip'
for limit in '"down_limit": 10, "on_limit": "close"' '"down_limit": 1000, "on_limit": "close"' '"up_limit": 300, "on_limit": "reset"'; do
  calls 'TRANSIENT OK' "TLS is cut: $limit" $options port="$PROXY_PORT" root=store "ca_file=$FTP_TLS/ca.pem" <<END
run sh $work/fault '{$limit}'
get_immutable $key $work/out
run sh $work/fault '{}'
get_immutable $key $work/out
END
done

# A record is replaced while the connection ends, wherever that is: the former or the next is read, and nothing else.
count() {
  faults | sed "s/.*\"$1\": \([0-9]*\).*/\1/"
}

# replaced ROOT STEP HOW...: at each STEP bytes of the replies.
replaced() {
  root=$1 step=$2
  shift 2
  calls OK "$root: a record" $options port="$FTP_PORT" root="$root" tls=none <<END
put_mutable id $work/former
END
  before=$(count down)
  calls OK "$root: is put again" $options port="$PROXY_PORT" root="$root" tls=none <<END
put_mutable id $work/former
END
  length=$(($(count down) - before)) bad='' failed=0 limit=0
  own_url=$(echo 'make_mutable_url id' | drive $options port="$PROXY_PORT" root="$root"; head -n 1 "$said")
  while [ $limit -lt $length ]; do
    for how; do
      drive $options port="$PROXY_PORT" root="$root" tls=none <<END || :
run sh $work/fault '{"down_limit": $limit, "on_limit": "$how", "first_n": 1}'
put_mutable id $work/next
run sh $work/fault '{}'
get_mutable $own_url $work/out
put_mutable id $work/former
END
      case $(tr '\n' ' ' <"$said") in
        TRANSIENT*'OK OK ') failed=$((failed + 1)) ;;
        'OK OK OK ' | 'OK TRANSIENT '*' OK ') ;; # the rest of the limit ends the connection that is kept one call later
        *) bad="$bad$how after $limit bytes: $(cat "$said")
" ;;
      esac
      cmp -s "$work/out" "$work/former" || cmp -s "$work/out" "$work/next" || bad="$bad$how after $limit bytes: $(cat "$work/out")
"
    done
    limit=$((limit + step))
  done
  is_empty "$bad" "$root: a put whose replies end, at each $step of $length bytes"
  succeeds "$root: puts did fail" test "$failed" -gt 10
}
replaced store 40 close reset
is_empty "$(ls "$store/.uploads")" 'and leave nothing on its way'
replaced keep 40 close # where nothing is renamed over a file: the former record goes aside, and comes back

# A byte of the replies is another: whatever that makes of them, nothing is said to be missing, and the next call works.
at=0 bad=''
while [ $at -lt 400 ]; do
  drive $options port="$PROXY_PORT" root=store tls=none <<END || :
run sh $work/fault '{"corrupt_at": $at, "first_n": 1}'
deadline 600
get_immutable $key $work/out
run sh $work/fault '{}'
deadline 20000
get_immutable $key $work/out
END
  case $(grep -oE '^[A-Z_]+' "$said" | tr '\n' ' ') in
    'OK OK ' | 'TRANSIENT OK ' | 'CANCELLED OK ' | 'FAILED OK ' | 'DENIED OK ') ;;
    *) bad="$bad$at: $(cat "$said")
" ;;
  esac
  cmp -s "$work/out" "$work/data" || bad="$bad$at: it is not whole"
  at=$((at + 37))
done
is_empty "$bad" 'replies with a flipped byte'

# The server stops, and comes back.
cat >"$work/server" <<END
sh $srcdir/t/servers/proftpd \$1 $own_folder
END
calls 'OK TRANSIENT OK OK OK' 'a server that is away and comes back' $options port="$FTP_PORT" root=store tls=none <<END
get_immutable $key $work/out
run sh $work/server stop
get_immutable $key $work/out
run sh $work/server start
get_immutable $key $work/out
run sh $work/server stop; sh $work/server start
get_immutable $key $work/out
put_mutable id $work/next
END

# The server's disk is full.
if [ "$(id -u)" = 0 ] && mkdir "$FTP_HOME/full" && mount -t tmpfs -o size=1m,mode=777 none "$FTP_HOME/full" 2>/dev/null; then
  trap 'umount "$FTP_HOME/full"; end_servers; rm -rf "$work"' EXIT
  head -c 3000000 /dev/urandom >"$work/large"
  for tls in none explicit; do
    calls 'NO_SPACE OK OK NOT_FOUND' "a full disk, tls=$tls" $options port="$FTP_PORT" root=full tls=$tls "ca_file=$FTP_TLS/ca.pem" <<END
put_immutable $(sha256 "$work/large") $work/large
put_mutable id $work/next
put_immutable $(sha256 "$work/next") $work/next
get_immutable $(sha256 "$work/large") $work/out
END
    is_empty "$(find "$FTP_HOME/full" -size +100k)" 'nothing is left of what had no room'
  done
else
  skip 'only root can mount a file system'
fi
done_testing

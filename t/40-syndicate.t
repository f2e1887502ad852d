#!/bin/sh
# SPDX-License-Identifier: MIT
# The syndicate driver with what stands in for a gateway: it shows all behaviours of a driver, objects are files of the volume, the
# examples of its manual run, and a gateway that is no good is told from an object that is not there.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/conformance.sh"
driver=syndicate
. "$srcdir/t/lib/drive.sh"
own_server syndicate # other builds run this at the same time, and the examples of the manual have one place
(umask 077 && printf %s "$SYNDICATE_PASSWORD" >"$work/key" && printf 'another word' >"$work/wrong")

# good: sets the options, of which a test makes some bad.
good() {
  gateway=http://127.0.0.1:$SYNDICATE_PORT volume=test session=$SYNDICATE_USER key_file=$work/key
}

# at ROOT STATUSES WHAT
at() {
  calls "$2" "$3" gateway="$gateway" volume="$volume" session="$session" key="@$key_file" root="$1"
}

# not_at ROOT TEXT WHAT: the store does not open.
not_at() {
  unopened "$2" "$3" gateway="$gateway" volume="$volume" session="$session" key="@$key_file" root="$1"
  good
}

good
conforms_twice syndicate 'the driver does not declare itself durable|the store is nowhere in @DIR@' \
  -o gateway="$gateway" -o volume=test -o session="$SYNDICATE_USER" -o key="@$work/key" -o root="$own-one" -O root="$own-two"

# ---- files of the volume ----
printf 'some data' >"$work/data"
printf 'a record that is long' >"$work/long"
printf 'short' >"$work/short"
key=$(sha256 "$work/data")
place=$SYNDICATE_ROOT/fs/deep/er/$own
object=$place/immutable/$(printf %.2s "$key")/$(printf %s "$key" | cut -c 3-4)/$key
at "deep/er/$own" 'OK OK OK OK' 'directories are made, and objects put' <<END
put_immutable $key $work/data
put_mutable id $work/long
put_mutable id $work/short
get_immutable $key $work/out
END
succeeds 'an object is the file' cmp "$object" "$work/data"
succeeds 'which is read' cmp "$work/out" "$work/data"
succeeds 'of a longer record nothing stays' cmp "$place"/mutable/*/*/id "$work/short"
is_empty "$(ls "$place/tmp")" 'nothing is left on its way'

touch -d '2 days ago' "$object"
before=$(stat -c '%i %Y' "$object")
at "deep/er/$own" OK 'what is there is put again' <<END
put_immutable $key $work/data
END
is "$(stat -c '%i %Y' "$object")" "$before" 'and stays'
for damage in 'some dat' 'some data!' 'some dada' ''; do
  printf %s "$damage" >"$object"
  at "deep/er/$own" OK "\"$damage\" is put again" <<END
put_immutable $key $work/data
END
  succeeds 'and mended' cmp "$object" "$work/data"
done
at "deep/er/$own" 'OK OK NOT_FOUND OK OK' 'what was deleted is gone' <<END
delete_immutable $key
delete_immutable $key
get_immutable $key $work/none
delete_mutable id
delete_mutable id
END

# ---- what puts left that never ended ----
old=$(printf '%016x' "$(($(date +%s) - 100000))") new=$(printf '%016x' "$(date +%s)")
for name in "$old-0123456789abcdef" "$old-fedcba9876543210" "$old-0123" "$new-0123456789abcdef" mine; do echo x >"$place/tmp/$name"; done
at "deep/er/$own" 'OK OK' 'the store is looked at' <<END
check
check
END
told '"temporaries_swept": 2' 'what is old is removed'
told '"temporaries_swept": 0' 'once'
is "$(ls "$place/tmp" | tr '\n' ' ')" "$old-0123 $new-0123456789abcdef mine " 'and nothing else'

mkdir "$place/tmp/$old-0123456789abcdef"
at "deep/er/$own" OK 'something that cannot be removed' <<END
check
END
told "What older puts left in deep/er/$own/tmp stays there: $gateway/fs/deep/er/$own/tmp/$old-0123456789abcdef: The object cannot be deleted" 'is told, and does no harm'
rmdir "$place/tmp/$old-0123456789abcdef"

# ---- mistakes ----
key_file=$work/wrong
at "$own" 'DENIED DENIED DENIED DENIED' 'a wrong key' <<END
get_immutable $key $work/none
put_immutable $key $work/data
delete_immutable $key
check
END
told 'takes `session` and `key` for wrong (401)' 'is told'
fails 'and no key' grep -qF "$(cat "$work/wrong")" "$said"
good
session=nobody
at "$own" DENIED 'a wrong session' <<END
check
END
session=a:b
not_at "$own" 'session: The name of a session was expected' 'a session with a colon'
volume=a/b
not_at "$own" 'volume: 1 to 128' 'a volume with a slash'
for wrong in '' / /a a/ a//b . .. a/../b a/. 'a b' 'a%20b'; do not_at "$wrong" 'root: A path in the volume' "root \"$wrong\""; done
for wrong in '' ftp://host http:// http://user@host http://host/?a http://host/#a host; do
  gateway=$wrong
  not_at "$own" 'gateway: A URL such as https' "gateway \"$wrong\""
done
for elsewhere in http://gateway.example http://192.0.2.1:8888 http://127.example; do
  gateway=$elsewhere
  not_at "$own" "gateway: $elsewhere is not encrypted, and not on this computer: use https, or set allow_http: true." "$elsewhere"
done
succeeds 'allow_http allows it' drive gateway=http://192.0.2.1:8888 allow_http=true volume=test session=user key="@$work/key" </dev/null
succeeds 'and https needs nothing' drive gateway=https://192.0.2.1:8888 volume=test session=user key="@$work/key" </dev/null

# ---- URLs ----
url=$(printf 'make_mutable_url id\n' | at "$own" OK url >/dev/null; head -n 1 "$said")
like "$url" "^syndicate://test/$own/mutable/[0-9a-f]{2}/[0-9a-f]{2}/id\$" 'a URL has volume and path'
tail=${url#"syndicate://test/$own/"}
for other in "syndicate://other/$own/$tail" "syndicate://TEST/$own/$tail" "syndicate://test/$own-other/$tail" "syndicate://test//$own/$tail" \
  "syndicate:/test/$own/$tail" "http://test/$own/$tail" "$url/" "$url?download" "$url#a" "syndicate://test/$own/x/../$tail" \
  "syndicate://test@host/$own/$tail" "syndicate://test/$own/immutable/ab/cd/id" "syndicate://test/$own/tmp/id" \
  "syndicate://test/$own/mutable/ab/cd/..%2Fid" "syndicate://test/$own/mutable/ab/cd/id%00"; do
  at "$own" 'UNHANDLED_URL UNHANDLED_URL' "not its own: $other" <<END
handles_url $other
get_mutable $other $work/none
END
done

# ---- the manual ----
SYNDICATE_GATEWAY=$gateway SYNDICATE_SESSION=$SYNDICATE_USER SYNDICATE_KEY=$SYNDICATE_PASSWORD
export SYNDICATE_GATEWAY SYNDICATE_SESSION SYNDICATE_KEY
mkdir -p "$HOME/.secrets"
cp "$work/key" "$HOME/.secrets/syndicate"
blocks "$srcdir/plugins/syndicate/syndicate.pod" 'SYNOPSIS|EXAMPLES' "$work/blocks"
for block in "$work"/blocks/*; do
  if head -n 1 "$block" | grep -q '^stores:'; then
    exits 0 "a configuration is read: $(sed -n 2p "$block")" -c "$block" config
  else
    cat "$block" >>"$work/commands"
  fi
done
output=$(cd "$HOME" && "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'the examples run' "$output"
like "$output" '"writable": true' 'and tell how the store is'
done_testing

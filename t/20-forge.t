#!/bin/sh
# SPDX-License-Identifier: MIT
# The program that forges records for other tests writes what it is asked for, or says that it does not understand.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
forge=$builddir/t/forge
chain=000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f
public=03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3
(umask 077 && echo 6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef01 >"$work/key")
route='{"id": "/x", "pubkey": "'$public'", "urls": ["disk:1", "http://2"], "ver_min": 3}'
user='"name": {"formatted": "foo.test"}, "owner": "1BaqZJqwt2dcdxt6oa3mwSK4DiEyfXCgnZ"'

# record OPTION... FAULT: of one datum.
record() {
  "$forge" -k "$work/key" -c $chain "$@" foo.test /my/second/datum 2 'hello world 2'
}

is "$(record good | cut -c 1-63)" '{"data": "aGVsbG8gd29ybGQgMg==", "id": "/my/second/datum", "sig' 'a record'
is "$(record good | sed 's/.*, //')" '"ver": 2}' 'of the version asked for'
is "$(record deleted | sed 's/"sig": "[^"]*"/SIG/')" '{"deleted": true, "id": "/my/second/datum", SIG, "ver": 3}' 'a tombstone of the next'
is "$(record -e 7 good | cut -d , -f 2)" ' "expires": 7' 'expiry'
is "$(record -f 1.0 good)" "$(record good | sed 's/^{"/{#/')" 'a bit flipped'
record good >"$work/good"
"$forge" --list >"$work/list"
is_empty "$(grep -vE '^[a-z0-9-]+ (-|[a-z_]+) (-|[a-z_]+)$' "$work/list")" 'the list has a name and two words a line'
missing=$(while read -r fault _; do
  record "$fault" >"$work/record" 2>"$work/err" && { [ "$fault" = good ] || ! cmp -s "$work/record" "$work/good"; } || echo "$fault"
done <"$work/list")
is_empty "$missing" 'every fault is made, and differs from what is good'

is "$("$forge" -k "$work/key" user foo.test)" "{$user, \"v\": \"3\"}" 'a user record'
is "$("$forge" -k "$work/key" -o 12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4 user foo.test | cut -d '"' -f 10)" 12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4 'by another owner'
is "$("$forge" -k "$work/key" -2 -u disk:1 -u http://2 -m 3 user foo.test /x)" "{\"mutable_data\": [$route], $user, \"v\": \"2\"}" 'of version 2, with a route'
is "$("$forge" -k "$work/key" -d 9 user foo.test /x)" "{\"mutable_data\": [{\"deleted\": 9, \"id\": \"/x\", \"urls\": []}], $user, \"v\": \"3\"}" \
  'with a route that was deleted'
is "$("$forge" -k "$work/key" -i $chain user foo.test)" "{\"immutable_data\": [\"$chain\"], $user, \"v\": \"3\"}" 'with immutable data'

fails 'no key' "$forge" -c $chain good foo.test id 2 data
fails 'no chain' "$forge" -k "$work/key" good foo.test id 2 data
fails 'a chain that is none' "$forge" -k "$work/key" -c 00 good foo.test id 2 data
fails 'a fault that is none' record worst
fails 'a bit that is none' record -f 4.8 good
fails 'a byte behind the end' record -f 4000.0 good
fails 'a version that is none' "$forge" -k "$work/key" -c $chain good foo.test id two data
fails 'a version below the first' "$forge" -k "$work/key" -c $chain stale foo.test id 1 data
fails 'no data' "$forge" -k "$work/key" -c $chain good foo.test id 2
fails 'a key that is none' "$forge" -k "$work/key" -i 12 user foo.test
done_testing

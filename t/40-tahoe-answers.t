#!/bin/sh
# SPDX-License-Identifier: MIT
# The tahoe driver with a gateway that answers what none does, and one that fails in Tahoe-LAFS's own words: each ends in the right
# status, what was not confirmed is not stored, and the capability is told to no one.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=tahoe
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/trouble.sh"
letters=abcdefghijklmnopqrstuvwxy
(umask 077 && printf 'URI:DIR2:%sa:%s%sqa' $letters $letters $letters >"$work/root")

# with STATUSES WHAT <SCRIPT
with() {
  calls "$1" "$2" gateway="$answering" root="@$work/root"
}

# says METHOD STATUS-LINE [BODY]: so the gateway answers it.  METHOD-once: but then as before.
says() {
  body=${3-}
  printf 'HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s' "$2" "${#body}" "$body" >"$ANSWERS_ROOT/$1"
}

# What is asked for first: the directories.
lists() {
  says GET-once '200 OK' "[\"dirnode\", {\"children\": {\"$(printf %.2s "$key")\": [\"dirnode\", {\"rw_uri\": \"$(cat "$work/root")\"}]}}]"
}

strangers_answer gateway="$answering" root="@$work/root"
rm -f "$ANSWERS_ROOT"/*

# ---- bodies without end ----
# endless METHOD: it is answered so.
endless() {
  printf 'HTTP/1.1 200 OK\r\n\r\n' >"$ANSWERS_ROOT/$1"
  echo endless >"$ANSWERS_ROOT/$1-rest"
}
endless GET
with FAILED 'a list without end' <<END
get_immutable $key $work/none
END
told 'longer than' 'is told'
lists
with TOO_LARGE 'an object without end' <<END
limit 5000000
get_immutable $key $work/none
END
rm "$ANSWERS_ROOT"/GET*
lists
endless PUT
with FAILED 'a capability without end' <<END
put_immutable $key $work/data
END
told 'longer than' 'is told'
rm "$ANSWERS_ROOT"/*

# fails_with STATUS WORDS TOLD: the gateway says 500 with these.
fails_with() {
  says GET '500 No' "Traceback (most recent call):
$2"
  with "$1" "$2" <<END
get_immutable $key $work/none
END
  told "$3" 'is told'
}
fails_with TRANSIENT 'allmydata.mutable.common.UncoordinatedWriteError: ' 'Others are changing the same directory'
fails_with TRANSIENT 'allmydata.interfaces.UploadUnhappinessError: no (of which 0 placed none due to the server being full)' \
  'reaches too few storage servers'
fails_with DENIED 'Failure: allmydata.mutable.common.NotWriteableError: ' 'only reads'
fails_with TRANSIENT 'builtins.ValueError: of URI:CHK:abc:def:2:3:4 nothing' 'builtins.ValueError: of URI:*** nothing'

# ---- of what succeeds only what says that it is done counts ----
for code in 202 203 204 206 299; do
  lists
  says GET "$code Perhaps"
  says PUT "$code Perhaps"
  says DELETE "$code Perhaps"
  with 'FAILED FAILED FAILED' "$code is no answer" <<END
get_immutable $key $work/none
put_immutable $key $work/data
delete_immutable $key
END
  told "The gateway answered $code, which none does" 'is told'
done
for code in 200 201; do
  lists
  says PUT "$code Done" URI:CHK:a
  says GET "$code Done" '["filenode", {}]'
  with OK "$code is done" <<END
put_immutable $key $work/data
END
done

# A put is believed when the gateway has said of its name what it is.
lists
says GET '200 OK' 'Hello!'
with FAILED 'a page in the place of what is known of an object' <<END
put_immutable $key $work/data
END
told 'The object cannot be looked for: The gateway answered no JSON document' 'is told'
lists
says GET '404 Not Found' 'No such child: x'
with TRANSIENT 'an object that is gone' <<END
put_immutable $key $work/data
END
told 'is not there' 'is told'
lists
says PUT '200 OK' '<html>'
with FAILED 'a page in the place of a capability' <<END
put_immutable $key $work/data
END
told 'no capability of a file' 'is told'

# Absence is what is missing in a directory.
for listing in '{}' '{"children": "dirnode"}' '[]' '[1, {}]' '["filenode", {}]'; do
  says GET '200 OK' "$listing"
  with 'FAILED FAILED FAILED' "$listing is no directory" <<END
get_immutable $key $work/none
put_immutable $key $work/data
delete_immutable $key
END
done
told 'What is called immutable there is no directory' 'is told'
says GET '200 OK' '["dirnode", {}]'
with NOT_FOUND 'an empty one is' <<END
get_immutable $key $work/none
END
lists
says GET '200 OK' '{"filenode": "x"}'
says PUT '200 OK' URI:CHK:a
with FAILED 'what is known of an object is not any document' <<END
put_immutable $key $work/data
END
told 'is no Tahoe-LAFS web API' 'is told'

# ---- the store is looked at ----
# unhealthy STATUS SERVERS SHARES TOLD: so its parts are answered, each by a status line and a body.
unhealthy() {
  says GET "${2%%|*}" "${2#*|}"
  says POST "${3%%|*}" "${3#*|}"
  with "$1" "a store is looked at: $2, $3" <<END
check
END
  told "$4" 'what is wrong is told'
}
servers='200 OK|{"servers": [{"connection_status": "Connected to x"}]}'
unhealthy FAILED '404 Not Found|' '200 OK|{}' 'no Tahoe-LAFS web API'
unhealthy FAILED '404 Not Found|No such child: x' '200 OK|{}' 'cannot be asked for its storage servers'
unhealthy FAILED '200 OK|Hello!' '200 OK|{}' 'The gateway answered no JSON document'
unhealthy TRANSIENT "$servers" '410 Gone|' 'Too few shares of it can be reached'
unhealthy FAILED "$servers" '200 OK|Hello!' 'The gateway answered no JSON document'
unhealthy FAILED "$servers" '200 OK|{}' 'Of the 0 shares that it takes to read this directory, 0 can be reached'
unhealthy FAILED "$servers" '200 OK|{"results": {"count-shares-needed": 2, "count-shares-good": -1}}' 'Of the 2 shares'
unhealthy OK "$servers" '200 OK|{"results": {"recoverable": true, "count-shares-good": 1e300}}' \
  '"servers_known": 1, "servers_connected": 1, "root_healthy": false, "root_shares_good": 0'
fails 'the capability is told to no one' grep -qF ":${letters}a:" "$all_said"
done_testing

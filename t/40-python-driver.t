#!/bin/sh
# SPDX-License-Identifier: MIT
# Python modules as stores: those in t/python were written by somebody who had the description of 2015 and nothing else.  Then
# modules that fail in every way.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
[ -x /usr/bin/python3 ] || skip_all 'needs /usr/bin/python3'
driver='exec'
. "$srcdir/t/lib/drive.sh"
python=$srcdir/tools/python-driver/blockstore-python-driver
key=5a34567890123456789012345678901234567890123456789012345678901234
other=6b34567890123456789012345678901234567890123456789012345678901234
echo data >"$work/data"
echo '{"a": 1}' >"$work/record"
id=0a8ce26f:alice.id:status

is "$("$python" --help 2>&1 | head -n 1)" 'usage: blockstore-python-driver MODULE|FILE.py[:CLASS]' '--help'
status=0
"$python" x.py >"$work/out" 2>&1 </dev/null || status=$?
is "$status $(tail -n 1 "$work/out")" '2 The driver exec of Blockstore starts it: see blockstore-python-driver(1).' 'started by hand'

# module NAME: the one in t/python, with a place of its own.
module() {
  sed -E "s!^(ROOT|PATH) = .*!\\1 = \"$work/$1.place\"!" "$srcdir/t/python/$1.py" >"$work/$1.py"
}

# ---- from the description ----

# keeps NAME ARGUMENT URL: what is put is there, to another process too.
keeps() {
  calls 'OK OK OK OK OK OK NOT_FOUND UNHANDLED_URL OK NOT_FOUND OK OK NOT_FOUND OK UNSUPPORTED' "$1 keeps, gives and forgets" \
    program="$python" arguments="$2" <<END
put_immutable $key $work/data
put_mutable $id $work/record
get_immutable $key $work/got
make_mutable_url $id
handles_url $3
get_mutable $3 $work/got-record
get_immutable $other $work/none
handles_url http://elsewhere.example/x
delete_immutable $key
get_immutable $key $work/none
delete_immutable $key
delete_mutable $id
get_mutable $3 $work/none
delete_mutable $id
check
END
  succeeds "$1: the same data" cmp "$work/data" "$work/got"
  succeeds "$1: the same record" cmp "$work/record" "$work/got-record"
}
module shelf
keeps shelf "$work/shelf.py" "file://$work/shelf.place/mutable/$id"
module ledger_lines
calls 'OK' 'ledger_lines: opens' program="$python" arguments="$work/ledger_lines.py" <<END
make_mutable_url $id
END
keeps ledger_lines "$work/ledger_lines.py" "$(grep -v '^OK' "$said" | head -n 1)"
module memory_class
keeps memory_class "$work/memory_class.py:MemoryStore" "memory://$id"

# suite MODULE BEHAVIOURS: they are shown.
suite() {
  which=$1
  status=0
  "$builddir/run" blockstore-driver-test "$builddir/plugins/.libs/exec.so" --only="$2" --timeout=60s -o program="$python" \
    -o arguments="$work/$which" >"$work/suite" 2>&1 || status=$?
  report "$status" "$which shows the behaviours of stores" "$(grep -A 3 '^not ok' "$work/suite")"
}
suite memory_class.py:MemoryStore \
  'opening.*,immutable.byte,immutable.mebibyte,immutable.again,immutable.delete*,mutable.shorter,mutable.delete*,streams.*,threads.*'
suite shelf.py 'opening.opens,immutable.byte,immutable.mebibyte,immutable.again,immutable.delete*' # its records are texts

. "$srcdir/t/lib/pod.sh"
blocks "$srcdir/doc/blockstore-python-driver.pod" EXAMPLES "$work/blocks"
# shellcheck disable=SC2046
cat $(grep -LE '^(blockstore-driver-test|stores:)' "$work"/blocks/*) >"$work/dictionary.py"
calls 'OK OK OK OK OK OK NOT_FOUND' 'the dictionary of the manual keeps, gives and forgets' program="$python" arguments="$work/dictionary.py" <<END
put_immutable $key $work/data
put_mutable $id $work/record
get_immutable $key $work/got
handles_url exec:dictionary/$(printf %s "$id" | sha256sum | cut -d " " -f 1)
get_mutable exec:dictionary/$(printf %s "$id" | sha256sum | cut -d " " -f 1) $work/got-record
delete_immutable $key
get_immutable $key $work/none
END
succeeds 'the same data' cmp "$work/data" "$work/got"
succeeds 'the same record' cmp "$work/record" "$work/got-record"

# ---- modules that fail ----

# bad NAME <<CODE: a module that is shelf.py and then this.
bad() {
  { cat "$work/shelf.py"; cat; } >"$work/$1.py"
}

bad raises <<'END'
def get_immutable_handler(key):
    raise ValueError("no such luck")
def put_immutable_handler(key, data, txid):
    raise PermissionError(13, "not you")
def delete_immutable_handler(key, txid):
    raise ConnectionResetError("gone away")
def get_mutable_handler(url):
    raise UnhandledURLException(url)
END
calls "FAILED DENIED TRANSIENT UNHANDLED_URL OK" 'exceptions' program="$python" arguments="$work/raises.py" <<END
get_immutable $key $work/got
put_immutable $key $work/data
delete_immutable $key
get_mutable file://$work/shelf.place/mutable/$id $work/got
put_mutable $id $work/record
END
told "$work/raises.py:$(grep -n 'no such luck' "$work/raises.py" | cut -d : -f 1): ValueError: no such luck" 'what was raised is told, and where'
told 'log: store: Traceback (most recent call last):' 'all of it in the log'

bad odd <<'END'
def get_immutable_handler(key):
    raise ValueError("a NUL: \0, and half a character: \ud800")
END
calls "FAILED OK" 'an exception whose text is none' program="$python" arguments="$work/odd.py" <<END
get_immutable $key $work/got
put_immutable $key $work/data
END
told 'ValueError: a NUL: ?, and half a character: ?' 'is told as far as it goes'

bad quiet <<'END'
def get_immutable_handler(key):
    import sys
    sys.stdout.close()
    return b"still here"
def put_immutable_handler(key, data, txid):
    import sys
    sys.stdout = None
    return True
END
calls "OK OK OK" 'a module that closes the standard output, or takes it away' program="$python" arguments="$work/quiet.py" <<END
get_immutable $key $work/got
put_immutable $key $work/data
put_mutable $id $work/record
END
is_empty "$(grep -E 'Traceback|ValueError' "$said")" 'is served as all'

bad types <<'END'
def get_immutable_handler(key):
    return 7
def put_immutable_handler(key, data, txid):
    return "yes"
def put_mutable_handler(data_id, version, signature, data_json):
    return None
def make_mutable_url(data_id):
    return None if "a" in data_id else 3
END
calls "FAILED FAILED FAILED UNSUPPORTED FAILED" 'wrong types' program="$python" arguments="$work/types.py" <<END
get_immutable $key $work/got
put_immutable $key $work/data
put_mutable $id $work/record
make_mutable_url $id
make_mutable_url 0:b:c
END
told 'get_immutable_handler returned 7 instead of bytes, a text or None' 'data of another type are told'
told "put_immutable_handler returned 'yes' instead of True or False" 'and so are results'

bad old <<'END'
def put_immutable_handler(key, data, txid):
    with open(immutable_path(key), "w") as f:
        f.write(data)
    return True
def put_mutable_handler(data_id, version, signature, data_json):
    with open(mutable_path(data_id), "wb") as f:
        f.write(data_json)
    return True
END
printf 'a\377b' >"$work/binary"
calls "OK OK FAILED" 'what writes texts as bytes and bytes as texts' program="$python" arguments="$work/old.py" <<END
put_immutable $key $work/data
put_mutable $id $work/record
put_immutable $other $work/binary
END
told 'put_immutable_handler takes texts only, and this is none' 'but no bytes that are none'

bad late <<'END'
def storage_init(conf, index, force_index):
    print("opened with", conf, index, force_index)
    return conf == {"where": "here", "list": ["1", "2"]}
END
calls OK 'storage_init of 2016' program="$python" arguments="$work/late.py" options=where=here options=list=1 options=list=2 <<END
put_immutable $key $work/data
END
unopened "$work/late.py: storage_init returned False instead of True" 'one that does not open' program="$python" arguments="$work/late.py"
printf 'def storage_init():\n    raise RuntimeError("no room")\n' >"$work/unwilling.py"
unopened "$work/unwilling.py:2: RuntimeError: no room" 'one that raises then' program="$python" arguments="$work/unwilling.py"
printf 'raise SystemExit("not here")\n' >"$work/gone.py"
unopened "$work/gone.py:1: SystemExit: not here" 'one that ends when it is loaded' program="$python" arguments="$work/gone.py"
echo 'objects = {}' >"$work/empty.py"
unopened "$work/empty.py has no storage_init" 'one without functions' program="$python" arguments="$work/empty.py"

bad speaks <<'END'
import sys
print("here I am")
def get_immutable_handler(key):
    print("got", key)
    print("asked for it", file=sys.stderr)
    sys.stdout.write("the end")
    return None
END
calls "NOT_FOUND NOT_FOUND" 'a module that prints' program="$python" arguments="$work/speaks.py" <<END
get_immutable $key $work/got
get_immutable $other $work/got
END
for line in 'here I am' "got $key" "got $other" 'asked for it' 'the end'; do
  told "log: store: $line" 'is told in the log'
done

bad odd <<'END'
def make_mutable_url(data_id):
    return b"bytes:" + data_id.encode()
def handles_url(url):
    return "perhaps"
def get_immutable_handler(key):
    return "\udcff"
def put_immutable_handler(key):
    return True
def delete_immutable_handler(key, txid):
    import nothing_of_this_name
def check():
    return {"good": {1, 2}}
END
calls "FAILED UNHANDLED_URL FAILED FAILED FAILED FAILED OK" 'other odd things' program="$python" arguments="$work/odd.py" <<END
make_mutable_url $id
handles_url shelf:x
get_immutable $key $work/got
put_immutable $key $work/data
delete_immutable $key
check
put_mutable $id $work/record
END
told "odd.py: make_mutable_url returned b'bytes:$id' instead of a text" 'bytes as a URL'
told "UnicodeEncodeError: 'utf-8' codec can't encode" 'a text that is none'
told 'TypeError: put_immutable_handler() takes 1 positional argument but 3 were given' 'other arguments'
told "odd.py:$(grep -n nothing_of "$work/odd.py" | cut -d : -f 1): ModuleNotFoundError: No module named 'nothing_of_this_name'" 'an import that fails later'
told 'Object of type set is not JSON serializable' 'a report that is none'

bad half <<'END'
def make_mutable_url(data_id):
    return "half:\udcff"
END
calls "FAILED" 'a URL that is no text' program="$python" arguments="$work/half.py" <<END
make_mutable_url $id
END
told "UnicodeEncodeError: 'utf-8' codec can't encode" 'is not told as another'

bad hangs <<'END'
import subprocess, time
def get_immutable_handler(key):
    subprocess.Popen(["sleep", "1013"])
    time.sleep(1013)
END
calls "CANCELLED OK" 'one that hangs' program="$python" arguments="$work/hangs.py" <<END
deadline 1500
get_immutable $key $work/got
put_immutable $key $work/data
END
told 'It did not end a call that was given up, and is killed.' 'is killed'
is_empty "$(pgrep -xf 'sleep 1013')" 'with what it started'

bad leaves <<'END'
import subprocess
def put_immutable_handler(key, data, txid):
    subprocess.Popen(["sleep", "1013"])
    return True
END
calls "OK OK" 'one that leaves a child behind' program="$python" arguments="$work/leaves.py" <<END
put_immutable $key $work/data
put_mutable $id $work/record
END
for _ in 1 2 3 4 5 6 7 8 9 10; do
  pgrep -xf 'sleep 1013' >/dev/null || break
  sleep 0.1
done
is_empty "$(pgrep -xf 'sleep 1013')" 'which ends with it'

bad meddles <<'END'
import os
def get_immutable_handler(key):
    os.write(3, b"hello there\n")
    return b"x"
def put_immutable_handler(key, data, txid):
    os.close(3)
    return True
END
calls "TRANSIENT OK" 'one that writes to the channel' program="$python" arguments="$work/meddles.py" <<END
get_immutable $key $work/got
put_mutable $id $work/record
END
told "$python: It sent a line that is no message: \"hello there\"" 'is told so'
calls "TRANSIENT OK" 'one that closes it' program="$python" arguments="$work/meddles.py" <<END
put_immutable $key $work/data
put_mutable $id $work/record
END
told 'OSError: [Errno 9] Bad file descriptor' 'is told so'

bad exits <<'END'
import os, sys
def get_immutable_handler(key):
    sys.exit(3)
def put_immutable_handler(key, data, txid):
    os._exit(4)
END
calls "FAILED TRANSIENT OK" 'modules that end the process' program="$python" arguments="$work/exits.py" <<END
get_immutable $key $work/got
put_immutable $key $work/data
delete_immutable $key
END

bad keeps <<'END'
def delete_immutable_handler(key, txid):
    return True if key.startswith("6") else None
END
calls "OK FAILED" 'a delete that does nothing' program="$python" arguments="$work/keeps.py" <<END
put_immutable $key $work/data
delete_immutable $key
END
told 'did not return True, and it is still there' 'is told'

printf 'def storage_init():\n    return True\n' >"$work/little.py"
calls "UNSUPPORTED UNSUPPORTED UNSUPPORTED" 'functions that are not there' program="$python" arguments="$work/little.py" <<END
get_immutable $key $work/got
put_immutable $key $work/data
make_mutable_url $id
END
echo 'import nothing_of_this_name' >"$work/imports.py"
unopened "$work/imports.py:1: ModuleNotFoundError: No module named 'nothing_of_this_name'" 'a missing import' program="$python" arguments="$work/imports.py"
echo 'def storage_init(:' >"$work/syntax.py"
unopened 'SyntaxError' 'no Python' program="$python" arguments="$work/syntax.py"
unopened 'FileNotFoundError' 'no file' program="$python" arguments="$work/none.py"
unopened "ModuleNotFoundError: No module named 'none_such'" 'no module' program="$python" arguments=none_such
unopened "has no attribute 'Nobody'" 'no class' program="$python" arguments="$work/shelf.py:Nobody"
echo 'import blockstore_client.storage; E = blockstore_client.storage.UnhandledURLException' >"$work/lent.py"
cat "$work/shelf.py" >>"$work/lent.py"
calls OK 'the exception from the package of the time' program="$python" arguments="$work/lent.py" <<END
put_immutable $key $work/data
END
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# A program that is not there, dies, talks nonsense, says nothing: each gets its error, and the next call another process.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
driver='exec'
. "$srcdir/t/lib/drive.sh"
key=5a34567890123456789012345678901234567890123456789012345678901234
echo data >"$work/data"

# A program that does what its first argument says with gets, what its second says with puts, its third with storage_init, and
# else says ok.
cat >"$work/puppet" <<'END'
#!/bin/sh
while read -r word id rest <&3; do
  case $word in
    get_*) eval "$1" ;;
    put_*) eval "$2" ;;
    storage_init) eval "$3" ;;
  esac
  printf 'done %s status=ok\n' "$id" >&3
done
END
chmod 755 "$work/puppet"

# does WHAT STATUS TEXT SNIPPET: a get of a program that runs this; then a put, which is done.
does() {
  calls "$2 OK" "$1" program="$work/puppet" arguments="$4" arguments= <<END
get_immutable $key $work/got
put_immutable $key $work/data
END
  [ -z "$3" ] || told "$3" "$1: it is told"
}

# ---- what cannot be started ----

unopened "$work/none: The program cannot be started: No such file or directory." 'no program' program="$work/none"
unopened 'A program was expected, but it is a directory.' 'a directory' program="$work"
echo '#!/bin/sh' >"$work/file"
unopened 'It may not be executed' 'a file that may not be executed' program="$work/file"
printf '#!/none/such\n' >"$work/orphan"
echo 'no program' >"$work/text"
chmod 755 "$work/orphan" "$work/text"
unopened 'The interpreter that its first line names, or its loader, is not there.' 'a missing interpreter' program="$work/orphan"
unopened 'It is no program for this machine; a script needs a first line such as #!/bin/sh.' 'a text' program="$work/text"
unopened 'It ended with status 0 in the midst of a call' 'a program that knows nothing of stores' program=/bin/true

# ---- options ----

for bad in root =x Root=x 1x=y 'a b=c' a-b=c "$(printf %032d 0 | tr 0 a)=x"; do
  unopened 'KEY=VALUE was expected' "the option $bad" program="$work/puppet" options="$bad"
done
unopened 'A secret is given as the option secret' 'a secret among the options' program="$work/puppet" options=secret=x
unopened 'The request is longer than 65536 bytes.' 'too many options' program="$work/puppet" \
  options=a="$(head -c 40000 /dev/zero | tr '\0' x)" options=b="$(head -c 40000 /dev/zero | tr '\0' x)"
for bad in 0 -1 1025; do
  unopened 'processes: A number from 1 to 1024 was expected.' "$bad processes" program="$work/puppet" processes=$bad
done
(umask 077 && printf 'open sesame' >"$work/secret")
calls OK 'options, arguments and a secret are told' program="$work/puppet" arguments= arguments= \
  arguments='echo "$rest $4" >"$5"' arguments='an argument' arguments="$work/init" options=root='/a b' options=list=1 options=list=2 \
  options=empty= secret=@"$work/secret" <<END
delete_immutable $key
END
is "$(sed 's/^deadline=[0-9]* //' "$work/init")" \
  'version=1 option.root=/a%20b option.list=1 option.list=2 option.empty= option.secret=open%20sesame an argument' 'in their order'
calls TRANSIENT 'a secret that is printed' program="$work/puppet" arguments='echo "it is open sesame" >&2; exit 1' \
  secret=@"$work/secret" <<END
get_immutable $key $work/got
END
is_empty "$(grep 'sesame' "$said")" 'is blotted out'
told 'the last that it printed: it is ***.' 'in what is told of it'

(umask 077 && printf 'open, sesame = %%' >"$work/secret")
calls TRANSIENT 'a request that is printed' program="$work/puppet" arguments='echo "$told" >&2; exit 1' arguments= \
  arguments='told=$rest' secret=@"$work/secret" <<END
get_immutable $key $work/got
END
like "$(cat "$said")" 'it printed: .*option.secret=\*\*\*\.' 'has no secret in it either'
is_empty "$(grep 'sesame' "$said")" 'escaped as it is'

# ---- what storage_init answers ----

# opens WHAT TEXT SNIPPET: it does not.
opens() {
  unopened "$2" "$1" program="$work/puppet" arguments= arguments= arguments="$3"
}
opens 'a refusal' 'I would rather not.' 'echo "done $id status=failed error=I%20would%20rather%20not." >&3'
opens 'not allowed' 'Not you.' 'echo "done $id status=denied error=Not%20you." >&3'
for word in not_found unhandled_url unsupported conflict too_large nonsense; do
  opens "storage_init: $word" "It answered \"$word\"" "echo \"done \$id status=$word\" >&3"
done
opens 'a program that fails at once' 'It ended with status 7 in the midst of a call; the last that it printed: no room.' \
  'echo no room >&2; exit 7'

# ---- what a program has ----

calls 'OK OK' 'a look around' program="$work/puppet" \
  arguments='tr "\0" "\n" </proc/$$/environ >"$4.env"; ls -l /proc/self/fd >"$4.fd"; while read -r line; do echo "$line"; done </proc/$$/status >"$4.status"; pwd >"$4.pwd"; cat /proc/$$/stat >"$4.stat"' \
  arguments= arguments= arguments="$work/seen" <<END
get_immutable $key $work/got
get_immutable $key $work/got
END
is_empty "$(grep -vE '^(BLOCKSTORE_EXEC=1|(PATH|HOME|TMPDIR|TZ|LANG|LC_ALL|LC_CTYPE)=.*)$' "$work/seen.env")" 'little of the environment'
like "$(cat "$work/seen.env")" '^BLOCKSTORE_EXEC=1$' 'and what says whose it is'
is "$(sed -n '/-> .proc/d; s/.* \([0-9]*\) -> .*/\1/p' "$work/seen.fd" | tr '\n' ' ')" '0 1 2 3 ' 'four descriptors' # and that of ls
like "$(cat "$work/seen.fd")" ' 0 -> /dev/null$' 'nothing to read'
is "$(grep -E '^Sig(Blk|Ign):' "$work/seen.status" | tr -d 'SigBlkIn:\t\n0')" '' 'no signal is blocked or ignored'
is "$(cat "$work/seen.pwd")" / 'the root directory'
is "$(awk '{ print $1 == $5 && $5 == $6 && $7 == 0 }' "$work/seen.stat")" 1 'a group and a session of its own, and no terminal'

# ---- nonsense ----

does 'garbage' TRANSIENT 'It sent a line that is no message: "what is this?"' 'echo "what is this?" >&3'
does 'bytes that are no text' TRANSIENT 'It sent a line that is no message: "?[31m??"' 'printf "\033[31m\377\376\n" >&3'
does 'an unknown word' TRANSIENT 'It sent "sing", which is no message' 'echo "sing $id" >&3'
does 'no id' TRANSIENT 'It sent "done" without an id' 'echo "done status=ok" >&3'
does "another request's id" TRANSIENT 'It sent "done" for another request' 'echo "done id=4711 status=ok" >&3'
does 'no status' TRANSIENT 'It sent "done" without a status' 'echo "done $id" >&3'
does 'an unknown status' FAILED 'It answered "fine", and did not say why.' 'echo "done $id status=fine" >&3; read -r word id rest <&3'
does 'data without a size' TRANSIENT 'It sent "data" without its size' 'echo "data $id" >&3'
does 'a size that is none' TRANSIENT 'It sent "begin" with a size that is no number' 'echo "begin $id size=big" >&3'
does 'a question out of place' TRANSIENT 'It sent "read", which nobody asked for' 'echo "read $id offset=0 size=1" >&3'
does 'a line without end' TRANSIENT 'It sent a line of more than 65536 bytes' 'head -c 70000 /dev/zero | tr "\0" x >&3'
does 'a size beyond 64 bits' TRANSIENT 'It sent "begin" with a size that is no number' 'echo "begin $id size=18446744073709551616" >&3'
does 'a frame of 4 GiB, a little of it' TRANSIENT 'It ended with status 0 in the midst of a call' 'printf "data $id size=4294967296\nabc" >&3; exit'
calls 'TOO_LARGE TOO_LARGE TOO_LARGE OK' 'a frame of 4 GiB, all of it' program="$work/puppet" \
  arguments='echo "data $id size=4294967296" >&3; exec cat /dev/zero >&3' arguments= arguments= <<END
limit 100000
get_immutable $key $work/got
get_immutable $key $work/got
get_mutable exec:x $work/got
put_immutable $key $work/data
END
is_empty "$(pgrep -xf 'cat /dev/zero')" 'nothing is left of it'
does 'more than was asked for' OK '' 'printf "done $id status=ok\ndone $id status=ok\n" >&3'
calls 'TRANSIENT OK' 'bytes that nobody asked for' program="$work/puppet" arguments= arguments='echo "data $id size=1" >&3' <<END
put_immutable $key $work/data
delete_immutable $key
END
told 'It sent "data", which nobody asked for' 'are told'
calls 'TRANSIENT OK' 'a question that is none' program="$work/puppet" arguments= arguments='echo "read $id offset=0" >&3' <<END
put_immutable $key $work/data
delete_immutable $key
END
told 'It sent "read" without offset and size' 'is told'

# ---- parts of what is put ----

# part OFFSET SIZE: what comes of "data" and its newline.
part() {
  rm -f "$work/part"
  calls OK "bytes from $1 on, $2 of them" program="$work/puppet" arguments= \
    arguments='echo "read $id offset=$4 size=$5" >&3; read -r word rest <&3; echo "$word ${rest#* }" >"$6"; head -c "${rest##*=}" <&3 >>"$6"' \
    arguments= arguments="$1" arguments="$2" arguments="$work/part" <<END
put_immutable $key $work/data
END
  is "$(cat "$work/part")" "$3" 'those that there are'
}
part 0 5 'data size=5
data'
part 1 2 'data size=2
at'
part 3 1000 'data size=2
a'
part 5 1 'data size=0'
part 18446744073709551615 18446744073709551615 'data size=0'

# ---- the end ----

does 'it ends' TRANSIENT 'It ended with status 3 in the midst of a call.' 'exit 3'
does 'it is killed' TRANSIENT 'It was ended by signal 9 (SIGKILL) in the midst of a call.' 'kill -9 $$'
does 'half a line' TRANSIENT 'It ended with status 0 in the midst of a call' 'printf "data id=" >&3; exit'
does 'half a value' TRANSIENT 'It ended with status 0' 'printf "data $id size=100\nhalf" >&3; exit'
does 'it closes the channel' TRANSIENT 'It closed the channel in the midst of a call' 'exec 3>&-; exec sleep 1012'
does 'its last words' TRANSIENT 'It ended with status 1 in the midst of a call; the last that it printed: one; two; three.' \
  'printf "one\ntwo\n"; printf three >&2; exit 1'
told 'log: store: one' 'all of them go into the log'
calls 'OK OK' 'an end after the answer' program="$work/puppet" arguments='echo "done $id status=ok" >&3; exit' <<END
get_immutable $key $work/got
run sleep 0.1
delete_immutable $key
END
does 'a child that has the channel, too' TRANSIENT 'It ended with status 5 in the midst of a call' 'sleep 1012 & exit 5'
does 'a log line' OK 'log: store: it is late' 'echo "log $id level=warning text=it%20is%20late" >&3'
is_empty "$(pgrep -xf 'sleep 1012')" 'no child is left'
does 'a child of another session that has the channel, too' TRANSIENT 'It ended with status 5 in the midst of a call' \
  'setsid sleep 1014 & exit 5'
for pid in $(pgrep -xf 'sleep 1014'); do kill "$pid"; done

# What was begun before is no value, and the last of several is.
calls 'OK OK' 'an answer that is not the last' program="$work/puppet" \
  arguments='echo "done $id status=ok last=no" >&3; read -r word id rest <&3; echo "$word" >"$4"' arguments= arguments= \
  arguments="$work/next" <<END
get_immutable $key $work/got
put_immutable $key $work/data
END
is "$(cat "$work/next")" put_immutable_handler 'the next request goes to the same process'
does 'several candidates' OK '' 'printf "begin $id size=3\ndata $id size=3\nonebegin $id\ndata $id size=2\ntwdata $id size=1\no" >&3'
is "$(cat "$work/got")" two 'one after the other'

# ---- time ----

calls 'CANCELLED OK CANCELLED OK' 'it says nothing' program="$work/puppet" arguments='exec sleep 1012' arguments= arguments= <<END
deadline 300
get_immutable $key $work/got
put_immutable $key $work/data
get_immutable $key $work/got
put_immutable $key $work/data
END
told 'It did not end a call that was given up, and is killed.' 'and is killed'
is_empty "$(grep ABANDONED "$said")" 'the call returned in time'
calls 'CANCELLED OK' 'it hears that a call is given up' program="$work/puppet" arguments= \
  arguments='read -r word rest <&3; [ $word = cancel ] && echo "done $id status=cancelled" >&3; read -r word id rest <&3' <<END
deadline 300
put_immutable $key $work/data
delete_immutable $key
END
is_empty "$(grep killed "$said")" 'and is kept'
calls 'OK OK' 'one that was done when its time was over hears of it later' program="$work/puppet" arguments= \
  arguments='sleep 0.5; echo "done $id status=ok" >&3; read -r word rest <&3; [ $word = cancel ] || exit 1; read -r word id rest <&3' <<END
deadline 300
put_immutable $key $work/data
delete_immutable $key
END
is_empty "$(grep killed "$said")" 'and is kept, too'

# ---- again and again ----

calls 'TRANSIENT TRANSIENT TRANSIENT TRANSIENT TRANSIENT OK' 'a pause that grows' program="$work/puppet" \
  arguments='[ -e "$4" ] || exit 1' arguments= arguments= arguments="$work/mended" <<END
get_immutable $key $work/got
get_immutable $key $work/got
get_immutable $key $work/got
run sleep 0.15
get_immutable $key $work/got
get_immutable $key $work/got
run sleep 0.3; touch $work/mended
get_immutable $key $work/got
END
like "$(sed -n 3p "$said")" 'It failed 2 times in a row and is not started for another [0-9]+ ms: .*It ended with status 1' 'after the second time'
like "$(sed -n 5p "$said")" 'It failed 3 times in a row and is not started for another (200|1?[0-9]?[0-9]) ms' 'and after the third, for longer'
done_testing

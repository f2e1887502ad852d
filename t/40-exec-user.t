#!/bin/sh
# SPDX-License-Identifier: MIT
# What a user of blockstore-cli is told of a program that cannot be started, dies, talks nonsense or says nothing: which store, which
# program, and what it did.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
puppet=$work/puppet
exits 0 'where the data are' config
cat >"$work/c.yaml" <<END
stores:
  - {name: laptop, driver: disk, root: $(member stores.0.root)}
  - {name: shelf, driver: exec, program: $puppet, durable: true}
replication: {write: {at_least: 2}}
timeouts: {operation: 3s}
END

# acts SNIPPET: the program does this with puts, and else says ok, or of a get that it has nothing.
acts() {
  cat >"$puppet" <<END
#!/bin/sh
while read -r word id rest <&3; do
  status=ok
  case \$word in
    get_*) status=not_found ;;
    put_*) $1 ;;
  esac
  printf 'done %s status=%s\n' "\$id" "\$status" >&3
done
END
  chmod 755 "$puppet"
}

# tells WHAT REGEX [STATUS]: a put fails, and says this of the store.
tells() {
  cli -c "$work/c.yaml" put_immutable alice.id "data of $1"
  [ "$status" = "${3:-7}" ] && grep -qE -e "shelf: $2" "$err" && [ "$(wc -l <"$err")" = 1 ]
  report $? "$1 is told" "status $status, wanted: shelf: $2
$(cat "$out" "$err")"
}

acts :
exits 0 'a program that does as it is asked' -c "$work/c.yaml" put_immutable alice.id 'some data'

rm "$puppet"
tells 'a program that is not there' "$puppet: The program cannot be started: No such file or directory\."
acts :
chmod 644 "$puppet"
tells 'one that may not be run' "$puppet: The program cannot be started: It may not be executed" 9
exits 1 'the stores' -c "$work/c.yaml" stores
like "$(member stores.1.error)" "^shelf: $puppet: The program cannot be started: It may not be executed" 'say it, too'
echo 'no program' >"$puppet"
chmod 755 "$puppet"
tells 'a text' "$puppet: The program cannot be started: It is no program for this machine; a script needs a first line"

acts 'exit 3'
tells 'an end' "$puppet: It ended with status 3 in the midst of a call\."
acts 'echo "the disk is on fire" >&2; kill -9 $$'
tells 'a crash' "$puppet: It was ended by signal 9 \(SIGKILL\) in the midst of a call; the last that it printed: the disk is on fire\."
acts 'exec 3>&-; sleep 30'
tells 'a channel that is closed' "$puppet: It closed the channel in the midst of a call"
acts 'echo "welcome to the shelf" >&3'
tells 'garbage' "$puppet: It sent a line that is no message: \"welcome to the shelf\"\."
acts 'head -c 70000 /dev/zero | tr "\0" x >&3'
tells 'a line without end' "$puppet: It sent a line of more than 65536 bytes\."
acts 'echo "data $id size=4294967296" >&3'
tells 'data that nobody asked for' "$puppet: It sent \"data\", which nobody asked for\."
acts 'id=id=4711'
tells 'an answer to another call' "$puppet: It sent \"done\" for another request\."
acts 'status=fine'
tells 'an unknown status' "$puppet: It answered \"fine\", and did not say why\."
acts 'status="no_space error=The%20shelf%20is%20full."'
tells 'a refusal of its own' 'The shelf is full\.'
acts 'sleep 1015 & exit 4'
tells 'an end that leaves a child' "$puppet: It ended with status 4 in the midst of a call"
is_empty "$(pgrep -xf 'sleep 1015')" 'which is ended, too'
acts 'exec sleep 1015'
tells 'silence' 'The deadline passed before the store had answered\.' 10
is_empty "$(pgrep -xf 'sleep 1015')" 'and it is ended'

# The one that there may be has answered, and takes its time to end.
sed 's/durable: true/&, processes: 1/; s/operation: 3s/operation: 1s/' "$work/c.yaml" >"$work/one.yaml"
acts 'status="ok last=yes"; trap "sleep 1015" EXIT; printf "done %s status=%s\\n" "$id" "$status" >&3; exit'
exits 10 'processes that are all busy' -v -c "$work/one.yaml" put_immutable alice.id 'data that wait'
like "$(cat "$err")" "$puppet: All of its processes, 1 at once, were busy until a call's time was over" 'are told'
is_empty "$(pgrep -xf 'sleep 1015')" 'and ended'

acts :
sed -i "s/^while/echo 'it is rather dusty here'; while/" "$puppet"
exits 0 'a program that prints is healthy' -c "$work/c.yaml" stores
says stores.1.warnings '["it is rather dusty here"]' 'and what it prints is among the warnings'
says stores.0.warnings null 'of that store alone'
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# A driver in processes of its own: the configuration decides who has them.  (That it shows every behaviour there is for
# t/40-conformance.t.)
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
host=$BLOCKSTORE_DRIVER_HOST drivers=$builddir/plugins/.libs
config=$work/config.yaml

# ---- who is isolated ----

# with OPTIONS: one store.
with() {
  printf 'state_dir: %s/state\nstores:\n  - {name: shelf, driver: disk, root: %s/data%s}\n' "$work" "$work" "$1" >"$config"
}
with ', isolate: process'
exits 0 'a store whose driver is isolated' -vv -c "$config" stores
says stores.0.isolate process 'says so'
says stores.0.file "$drivers/disk.so" 'and which file it is'
says stores.0.driver disk 'and its driver'
says stores.0.durable true 'it is durable, as the driver'
says stores.0.report.writable true 'and tells what the driver tells'
like "$(cat "$err")" "opening the store shelf with $drivers/disk.so, isolated" 'the log has it'
is_empty "$(grep "loading .*disk" "$err" | grep -v 'shelf: ')" 'the driver is not loaded here'
like "$(cat "$err")" "shelf: loading $drivers/disk.so" 'but there'
keeps_data
exits 0 'and again' -c "$config" -k "$work/key" put_mutable alice.id note second
with ''
exits 0 'in this process' -c "$config" get_mutable alice.id note
says data second 'it is got, too'
exits 0 'one that is not isolated' -c "$config" stores
says stores.0.isolate null 'says nothing'
with ', isolate: false'
exits 0 'nor one that says so' -c "$config" stores
says stores.0.isolate null 'says nothing'
with ', isolate: process, filters: [log]'
exits 0 'below a filter' -c "$config" get_mutable alice.id note
says data second 'it is isolated'
disk=$(sha256 "$drivers/disk.so")
with ", isolate: process, sha256: $disk"
exits 0 'a driver of the very bytes' -vv -c "$config" stores
says stores.0.isolate process 'is isolated'
with ", isolate: process, sha256: $(printf %064d 7)"
refused 2 driver "disk.so: The file has the SHA-256 $disk, and 0" -c "$config" stores
with ', isolate: process'
exits 0 'the lock' -c "$config" -k "$work/key" drivers lock "$work/drivers.lock"
is "$(grep -oE '"name": ?"(disk|exec)"' "$work/drivers.lock" | wc -l)" 2 'lists the driver, and by way of which it runs'
with ', isolate: process, durable: false'
exits 0 'a store that is not durable' -c "$config" stores
says stores.0.durable false 'is not durable'

# ---- what is refused ----

with ', isolate: maybe'
refused 2 config 'Expected here: true, false or process' -c "$config" stores
with ', isolate: process, inline: true'
refused 2 config 'either isolated or runs on the caller.s thread' -c "$config" stores
with ', filters: [{filter: log, isolate: process}]'
refused 2 config 'A filter runs in this process: only a store.s own driver can be isolated' -c "$config" stores
with ', isolate: process, rot: x'
refused 2 config 'The driver disk has no option "rot"; did you mean "root"' -c "$config" stores
sed 's/driver: disk, root: [^,}]*/driver: log/' "$config" | sed 's/, rot: x//' >"$work/log.yaml"
refused 2 config 'The driver log is a filter, not a store' -c "$work/log.yaml" stores
with ', isolate: process'
BLOCKSTORE_DRIVER_HOST=$work/none
refused 2 driver "$work/none: There is no such program, in which drivers are isolated" -c "$config" stores
cp "$host" "$work/host"
chmod 775 "$work/host"
BLOCKSTORE_DRIVER_HOST=$work/host
refused 2 driver "$work/host: .* writ" -c "$config" stores
BLOCKSTORE_DRIVER_HOST=$host
mkdir -m 755 "$work/drivers"
cp "$drivers/disk.so" "$work/drivers"
printf 'plugin_path: [%s]\n' "$work/drivers" >>"$config"
cli_without_exec() {
  status=0
  LD_LIBRARY_PATH=$builddir/.libs BLOCKSTORE_PLUGIN_PATH='' "$program" "$@" >"$out" 2>"$err" || status=$?
}
cli_without_exec -c "$config" stores
is "$status $(member code)" '2 driver' 'without the driver exec it cannot be done'
like "$(member error)" 'A driver is isolated by way of the driver exec: .*exec' 'and that is said'

# ---- by hand ----

fails 'driver-host wants a file' "$host"
like "$output" 'is started by Blockstore' 'and says by whom it is started'
fails 'and a channel' "$host" "$drivers/disk.so" 3<&-
like "$output" 'There is no channel to Blockstore' 'which it misses'
# spoken LINES TEXT WHAT: what Blockstore never sends ends it.  What stands behind \r is sent when it has asked for bytes.
cat >"$work/speak.pl" <<'END'
use Socket;
use Fcntl;
my ($program, $driver, $text) = @ARGV;
$text =~ s/\\n/\n/g;
my $answer = "";
socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, 0) or die;
my $pid = fork;
if ($pid == 0) {
  close $ours;
  require POSIX;
  POSIX::dup2(fileno $theirs, 3);
  open STDERR, ">&STDOUT";
  exec $program, $driver;
}
close $theirs;
my ($first, @others) = split /\\r/, $text;
syswrite $ours, $first;
for my $part (@others) {
  sysread $ours, $answer, 1, length $answer or last until $answer =~ /^read .*\n\z/m;
  syswrite $ours, $part;
}
select undef, undef, undef, 0.3; # the end would cancel what goes on
shutdown $ours, 1;
local $/;
$answer .= <$ours>;
waitpid $pid, 0;
print "$answer\n", $? >> 8, "\n";
END
spoken() {
  output=$(perl "$work/speak.pl" "$host" "$drivers/disk.so" "$1" 2>&1)
  printf '%s\n' "$output" | grep -qF -- "$2" && report 0 "$3" || report 1 "$3" "$output"
}
init="storage_init id=1 deadline=5000 version=1 option.root=$work/spoken"
spoken "$init\n" 'done id=1 status=ok' 'it answers storage_init'
spoken "$init\ncheck id=2\n" 'done id=2 status=ok' 'and then what it is asked'
spoken "$init\nsing id=2\n" 'done id=2 status=unsupported' 'what it does not know is unsupported'
spoken "cancel id=7\n$init\n" 'done id=1 status=ok' 'a cancel for nothing is passed over'
spoken 'storage_init id=1 version=2 option.root=/x\n' 'status=failed error=This%20program%20speaks%20another' 'another version'
spoken 'storage_init id=1 version=1 option.root=x\n' 'status=failed error=The%20option%20%22root%22%20came%20as' 'a path that is none'
spoken 'storage_init id=1 version=1 option.root=/x option.root=/y\n' 'came%20twice' 'an option that comes twice'
spoken 'storage_init id=1 option.root=/x\n' 'Blockstore sent "storage_init" without version.' 'no version'
spoken 'storage_init version=1\n' 'Blockstore sent "storage_init" without id.' 'no id'
spoken 'get_immutable_handler id=1 key=x\n' 'before storage_init' 'a call before storage_init'
spoken "$init\n$init\n" 'Blockstore sent "storage_init" twice.' 'storage_init twice'
spoken "$init\nget_immutable_handler id=2\n" 'without key' 'a get without a key'
spoken "$init\nput_immutable_handler id=2 key=abc\n" 'without size' 'a put without a size'
spoken "What?\n" 'a line that is no message' 'nonsense'
spoken "$init" 'the beginning of a line only' 'half a line'
spoken "$init\ncheck id=2 deadline=soon\n" 'Blockstore sent "check" without deadline.' 'a deadline that is none'
spoken "$init\ncheck id=2 deadline=18446744073709551615\n" 'done id=2 status=ok' 'one that never comes'
key=5a34567890123456789012345678901234567890123456789012345678901234
put="$init\nput_immutable_handler id=2 key=$key size=4\n"
spoken "${put}\rdata id=2 size=3\nabc" 'Blockstore sent other bytes than were asked for.' 'fewer bytes than were asked for'
spoken "${put}\rdata id=2 size=4\nab" 'The channel ended in the midst of data.' 'half of the bytes'
spoken "${put}\rdata id=3 size=4\nabcd" 'Blockstore answered another request.' "another request's bytes"
spoken "${put}\rdata id=2\nabcd" 'Blockstore sent "data" without size.' 'bytes without a size'
spoken "${put}\rread id=2 size=4\n" 'Blockstore answered "read" with "read".' 'a question for an answer'
spoken "$put" 'done id=2 status=cancelled' 'the end in the midst of a put'
is_empty "$(find "$work/spoken" -type f ! -name .blockstore-disk)" 'nothing is left of all of them'
spoken "${put}cancel id=2\n" 'done id=2 status=cancelled' 'a put that is cancelled where its bytes were asked for'
spoken "${put}sing id=2 size=4\n" 'done id=2 status=cancelled' 'and by whatever comes before it has asked'
done_testing

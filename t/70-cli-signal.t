#!/bin/sh
# SPDX-License-Identifier: MIT
# A signal in the midst of a transfer: the call is cancelled, 130 or 143, nothing half-written stays.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
head -c 4000000 /dev/urandom >"$work/data"
cli put_immutable alice.id @"$work/data"
key=$(sha256 "$work/data")
cli lookup alice.id
cp "$out" "$work/before"
files() {
  find "$HOME" -type f ! -name '*-wal' ! -name '*-shm' | sort
}
files >"$work/files"

# midway SIGNAL in|out ARGUMENT...: runs it with a pipe as its stdin or stdout, of which more is fed than a pipe holds or
# the first byte read, so that it is amid its call.  Then the signal.  $status: 256 more for a death by signal.
midway() {
  status=$(perl -e '
    my ($signal, $way, @command) = @ARGV;
    pipe my $read, my $write;
    my $pid = fork // die;
    if ($pid == 0) {
      $SIG{INT} = $SIG{TERM} = $SIG{HUP} = "DEFAULT";
      open STDIN, "<&", $read if $way eq "in";
      open STDOUT, ">", "$ENV{work}/out";
      open STDERR, ">", "$ENV{work}/err";
      open STDOUT, ">&", $write if $way eq "out";
      close $_ for $read, $write;
      exec @command;
    }
    close($way eq "in" ? $read : $write);
    $SIG{ALRM} = sub { kill KILL => $pid; exit print "hangs" };
    alarm 30;
    $way eq "in" ? syswrite($write, "x" x 1000000) : sysread($read, my $byte, 1);
    kill $signal => $pid;
    waitpid $pid, 0;
    print $? & 127 ? 256 + ($? & 127) : $? >> 8' "$@")
}
export work

for signal in INT TERM; do
  expected=$([ $signal = INT ] && echo 130 || echo 143)
  midway $signal in "$builddir/run" blockstore-cli put_immutable alice.id -
  is "$status" "$expected" "SIG$signal amid a put from a pipe"
  says code cancelled 'the document says cancelled'
  like "$(cat "$err")" '^blockstore-cli: ' 'and so does a line'
  midway $signal out "$builddir/run" blockstore-cli get_immutable alice.id "$key" --raw
  is "$status" "$expected" "SIG$signal amid a get into a pipe"
done
files >"$work/after"
succeeds 'no file was left behind' cmp "$work/files" "$work/after"
exits 0 'the name is as before' lookup alice.id
succeeds 'and its record too' cmp "$out" "$work/before"
exits 0 'a put goes on to work' put_immutable alice.id 'after all'

mkfifo "$work/fifo"
sleep 60 >"$work/fifo" &
writer=$!
refused 10 deadline 'deadline' put_immutable alice.id "@$work/fifo" --deadline 200ms
kill $writer
midway HUP in "$builddir/run" blockstore-cli put_immutable alice.id -
is "$status" 257 'other signals do what they always do'
(trap '' INT; exec "$builddir/run" blockstore-cli ping >"$out")
is "$?" 0 'an ignored SIGINT is no hindrance'
done_testing

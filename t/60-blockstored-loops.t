#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored on several threads: connections are shared out, and whoever asks sees the same, under the same limits.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
cd "$srcdir" || exit 1

talk() {
  code=$1
  shift
  perl -e 'require "./t/lib/rpc.pl"; use Time::HiRes "time"; $| = 1; $SIG{PIPE} = "IGNORE"; our ($rpc, $http, $pid) = splice @ARGV, 0, 3;
    sub pause { select undef, undef, undef, $_[0] }
    sub ask { my $socket = shift; print $socket frame(request(@_)); take($socket) }
    sub metric { my $socket = dial($http); print $socket "GET /metrics HTTP/1.0\r\n\r\n"; rest($socket) =~ /^\Q$_[0]\E (\d+)/m ? $1 : "none" }
    sub open_are { for (1 .. 200) { return $_[0] if metric("blockstored_connections_open") == $_[0]; pause(0.05) } metric("blockstored_connections_open") }
    sub state { ask($_[0], "get_name_state", q(["alice.id"])) =~ /"block":(\d+),"consensus":"(\w+)"/ or die "no state\n"; ($1, $2) }
    '"$code" "$port" "$http" "$pid" "$@"
}

serve 'threads: 3
limits: {connections: 60, connections_of_one: 40, request_rate: 0}
http: "127.0.0.1:0"'

# How often each thread gave its processor up tells which ones answered: without work, once a second.
is "$(talk 'sub switches { my %of; for my $task (glob "/proc/$pid/task/*") {
    open my $file, "<", "$task/status" or next; /ctxt_switches:\s*(\d+)/ and $of{$task} += $1 while <$file> } %of }
  my @all = map { dial($rpc) } 1 .. 30; my $good = 0; my %before = switches();
  for my $turn (1 .. 20) { $good += ask($_, "lookup", q(["alice.id"])) =~ /"first_registered"/ for @all }
  my %after = switches(); my $busy = grep { $after{$_} - ($before{$_} // 0) >= 120 } keys %after;
  print "$good $busy ", open_are(30)')" '600 3 30' 'connections are shared out among three threads, and counted together'
is "$(talk 'print open_are(0), " ", metric("blockstored_connections_total"), " ",
  metric(q(blockstored_requests_total{method="lookup",outcome="ok"}))')" '0 30 600' 'and so is what they asked'
is "$(talk 'open_are(0); my @mine = map { dial($rpc) } 1 .. 40; my $more = dial($rpc); my $said = take($more);
  my @other = map { dial($rpc, "127.0.0.2") } 1 .. 20; my $full = dial($rpc, "127.0.0.3");
  print ask($_, "ping") =~ /alive/ ? "" : "refused " for @mine, @other;
  print $said =~ /of your address/ ? "mine " : $said, take($full) =~ /as many connections as it may/ ? "all " : "taken ";
  close $_ for @mine[5 .. 9]; print open_are(55), " ", ask(dial($rpc), "ping")')" \
  'mine all 55 [{"status":"alive"}]' 'limits of connections are those of all together'

# What was committed before a request came is in its answer, whichever thread makes it; and none of them falls back.
talk 'my @all = map { dial($rpc) } 1 .. 9; my (%seen, $last, $turns, $wrong); $last = 0;
  until (-e $ARGV[0]) {
    for (@all) {
      my ($block, $consensus) = state($_);
      $wrong .= "block $block behind $last " if $block < $last;
      $wrong .= "two hashes of $block " if ($seen{$block} //= $consensus) ne $consensus;
      $last = $block;
    }
    $turns++;
  }
  print keys %seen > 3 ? "followed " : "slept ", $wrong // "well"' "$work/over" >"$work/watched" 2>&1 &
watching=$!
for i in 1 2 3 4 5; do
  client register "name$i.id"
  is "$(talk 'my @all = map { dial($rpc) } 1 .. 6; print scalar grep { ask($_, "lookup", qq(["$ARGV[0]"])) =~ /"first_registered"/ } @all' "name$i.id")" \
    6 "name$i.id is there on all of them as soon as it is registered"
done
touch "$work/over"
wait "$watching"
is "$(cat "$work/watched")" 'followed well' 'and meanwhile nobody saw an older block than somebody before'
is "$(talk 'my @all = map { dial($rpc) } 1 .. 6; my $batch = "[" . join(",", (request("get_name_state", q(["alice.id"]))) x 60) . "]";
  my $one = 0; for my $turn (1 .. 5) { print $_ frame($batch) for @all;
    for (@all) { my %blocks = map { $_ => 1 } take($_) =~ /"block":(\d+),"consensus"/g; $one++ if keys %blocks == 1 } }
  print $one')" 30 'a batch is of one state'

# What takes long comes back to the thread that it came from, or to nobody.
is "$(talk 'my $good = 0; for my $turn (1 .. 20) { my @all = map { dial($rpc) } 1 .. 9;
    print $_ frame(request("get_all_names")) x 3, frame(request("ping")) for @all;
    close pop @all for 1 .. 3;
    for my $socket (@all) { my @said = map { take($socket) } 1 .. 4; $good++ if 3 == grep(/name5/, @said) && $said[3] =~ /alive/ } }
  print "$good ", open_are(0), " ", metric("blockstored_replies_waiting")')" '120 0 0' 'lists are answered in order, and those that nobody waits for are dropped'
end_server
is "$status" 0 'it ends well'
is "$(grep -c 'info stopped unanswered=0$' "$log")" 1 'with nothing left'

# One allowance for all threads: 100 at once, and 300 more in three seconds.
serve 'threads: 3
limits: {request_rate: 100}
http: "127.0.0.1:0"'
is "$(talk 'my @all = map { dial($rpc) } 1 .. 4; my $from = time; print $_ frame(request("ping")) x 100 for @all;
  my $good = 0; for my $socket (@all) { take($socket) =~ /alive/ && $good++ for 1 .. 100 }
  my $took = time - $from; print "$good ", $took > 2.5 ? "slowly" : "in $took s"')" '400 slowly' 'an address may ask as often as on one thread'
end_server

# The end, while all threads are busy.
serve 'threads: 4
limits: {request_rate: 0}'
is "$(talk 'my @all = map { dial($rpc) } 1 .. 12; ask($_, "ping") for @all;
  print $_ frame(request("lookup", q(["alice.id"]))) x 100, frame(request("get_all_names")) x 20, frame(request("ping")) for @all;
  kill TERM => $pid; my $good = 0;
  for my $socket (@all) { my @said = map { take($socket) } 1 .. 121; $good++ if $said[119] =~ /name5/ && $said[120] =~ /alive/ && rest($socket) eq "" }
  print $good')" 12 'what was asked is answered on all of them'
wait "$pid"
is "$?" 0 'and then it ends'
pid=''
like "$(cat "$log")" 'stopped unanswered=0$' 'with nothing left'

# slow: peers that take nothing of what they asked for, on all threads.  They ask until replies wait for each of them: none has
# more than limits.output and 64 KiB, so that seven do not have eight times limits.output.
slow='my @all = map { dial_small($rpc) } 1 .. 8; my @left = ("") x 8;
  until (metric("blockstored_replies_waiting") >= 8 << 20) {
    for (0 .. 7) {
      $all[$_]->blocking(0);
      length $left[$_] or $left[$_] = frame(request("get_name_state", q(["alice.id"]))) x 1000;
      my $sent = syswrite $all[$_], $left[$_];
      substr($left[$_], 0, $sent // 0, "");
    }
    pause(0.05);
  }
  pause(1); print "asked\n"; pause(60)'
for signals in 1 2; do
  serve "threads: 4
limits: {request_rate: 0, output: 1M, stop: $((signals * signals * 5 - 4))s}
http: \"127.0.0.1:0\""
  talk "$slow" >"$work/slow" 2>&1 &
  slow_pid=$!
  await grep -q asked "$work/slow"
  from=$(date +%s)
  kill -TERM "$pid"
  [ $signals = 1 ] || { await grep -q 'info stopping' "$log" && kill -TERM "$pid"; }
  wait "$pid"
  is "$? $(grep -c 'info stopped unanswered=8$' "$log")" '0 1' "who takes nothing is left: $signals"
  pid=''
  [ $(($(date +%s) - from)) -le 8 ]
  report $? "when limits.stop is over, or at the second signal: $signals"
  kill "$slow_pid" 2>/dev/null
  wait "$slow_pid" 2>/dev/null
done

serve 'threads: 1'
is "$(for i in 1 2 3; do call ping; done | sort -u)" '[{"status":"alive"}]' 'one is as good'
like "$(cat "$log")" 'info started .* threads=1 block=' 'and the log tells it'
end_server
is "$status" 0 'and it ends well'
serve
expected=$(nproc)
[ "$expected" -le 4 ] || expected=4
like "$(cat "$log")" "info started .* threads=$expected " 'untold there is one for each processor, up to four'
end_server
done_testing

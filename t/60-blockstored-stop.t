#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored's life: signals, being killed, sockets that are handed over, and the service manager's notice.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
cd "$srcdir" || exit 1

serve
kill -HUP "$pid"
is "$(call ping)" '[{"status":"alive"}]' 'SIGHUP changes nothing'
for signal in TERM INT; do
  [ -n "$pid" ] || serve
  end_server $signal
  is "$status" 0 "SIG$signal ends it well"
  like "$(cat "$log")" "info stopping signal=SIG$signal" 'and is told'
done

# What was asked before the end is answered: 200 requests in one piece, and the signal behind them.
serve
answered=$(perl -e 'require "./t/lib/rpc.pl"; my ($port, $pid) = @ARGV;
  my $socket = dial($port); my $idle = dial($port); my $half = dial($port);
  print $half "50:{";
  print $socket frame(request("ping")); take($socket);
  print $socket frame(request("get_all_names")) x 200;
  kill TERM => $pid;
  my $good = 0;
  for (1 .. 200) { $good++ if take($socket) =~ /alice/ }
  print $good, rest($socket), rest($idle), rest($half)' "$port" "$pid")
is "$answered" 200 'what was asked is answered, and then all connections end'
wait "$pid"
is "$?" 0 'and the server'
pid=''

# Killed at any moment it leaves nothing behind that stands in the way, and another may serve the same ledger beside it.
serve
kept_pid=$pid kept_socket=$socket
socket=$work/second.sock
serve
is "$(call lookup '["alice.id"]' | cut -c 1-12)" '[{"address":' 'two servers have one ledger'
client register both.id
like "$(call lookup '["both.id"]')" '"address"' 'what is new is seen by the second'
like "$(rpc "$kept_socket" call lookup '["both.id"]')" '"address"' 'and by the first'
end_server KILL
pid=$kept_pid
(
  while :; do rpc "$kept_socket" call get_all_names >/dev/null 2>&1 || exit 0; done
) &
busy=$!
sleep 0.2
end_server KILL
wait "$busy"
[ -S "$socket" ]
report $? 'a killed one leaves its socket'
serve
like "$(rpc "$socket" call lookup '["both.id"]')" '"address"' 'which the next one takes over'
before=$pid
"$server" -c "$work/server.yaml" 2>"$work/other.log"
is "$?" 1 'but not from one that lives'
like "$(cat "$work/other.log")" 'Somebody listens on unix:.*second.sock already' 'as it says'
pid=$before
end_server
client check
is "$status" 0 'the ledger is whole'

# A service manager's sockets: LISTEN_FDS, one for each side; and READY=1 for it.
written
perl -e '
  use IO::Socket::INET; use IO::Socket::UNIX; use POSIX ();
  my ($notify, @command) = @ARGV;
  my $manager = IO::Socket::UNIX->new(Local => $notify, Type => SOCK_DGRAM) or die;
  my @sockets = map { IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", Proto => "tcp") } 1 .. 2;
  print join(" ", map { $_->sockport } @sockets), "\n"; $| = 1; print "";
  my @copies = map { POSIX::dup2($_->fileno, 50 + $_->fileno); 50 + $_->fileno } @sockets;
  my $pid = fork;
  if (!$pid) {
    POSIX::dup2($copies[$_], 3 + $_) for 0 .. 1;
    @ENV{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"} = ($$, 2, "rpc:http", $notify);
    exec @command;
  }
  $SIG{TERM} = sub { kill TERM => $pid };
  my $said;
  for (1 .. 2) { until (defined $manager->recv($said, 100)) { die unless $!{EINTR} } print "$said\n" }
  waitpid $pid, 0; print $? >> 8, "\n"' "$work/notify" "$server" -c "$work/server.yaml" >"$work/said" 2>"$log" &
pid=$!
await grep -q READY=1 "$work/said"
report $? 'the service manager is told when it is ready' "$(cat "$work/said" "$log")"
read -r port http <"$work/said"
is "$(call ping)" '[{"status":"alive"}]' 'a socket that was handed over'
like "$(rpc "$http" raw 'GET /v1/info HTTP/1.0\n\n')" '"last_block"' 'one for the HTTP side'
[ ! -S "$work/rpc.sock" ] || rm "$work/rpc.sock"
end_server
is "$(tail -n 2 "$work/said" | tr '\n' ' ')" 'STOPPING=1 0 ' 'it tells that it ends, and ends well'
: >"$log"
LISTEN_FDS=1 LISTEN_PID=1 "$server" -c "$work/server.yaml" 2>"$log" &
pid=$!
await grep -q ' info started ' "$log"
like "$(cat "$log")" 'address=127.0.0.1:[1-9]' 'sockets that are somebody else'"'"'s are not taken'
end_server
done_testing

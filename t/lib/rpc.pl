# SPDX-License-Identifier: MIT
# A raw client of blockstored's RPC: perl t/lib/rpc.pl ADDRESS WHAT ...; ADDRESS is PORT of 127.0.0.1, or the path of a socket.
#
#   call METHOD [PARAMS]   one request (PARAMS: a JSON array); prints the reply's JSON
#   send TEXT              frames of a text for each line, all sent at once; prints the replies, one a line
#   raw BYTES              these bytes (\n, \xHH as perl has them), and prints all that comes until the server ends it; "(open)"
#                          behind it when it did not within 2 seconds
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
use IO::Select;
use Socket ();

# From an address of this machine, if it is told.
sub dial {
    my ($address, $from) = @_;
    my $socket = $address =~ m{/}
        ? IO::Socket::UNIX->new(Peer => $address)
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $address, Proto => 'tcp', $from ? (LocalAddr => $from) : ());
    die "cannot connect to $address: $!\n" unless $socket;
    binmode $socket;
    $socket->autoflush(1);
    return $socket;
}

# One who takes little at once: small segments, for which this machine keeps little.
sub dial_small {
    my ($port) = @_;
    socket(my $socket, Socket::PF_INET(), Socket::SOCK_STREAM(), 0) or die "no socket: $!\n";
    setsockopt($socket, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 2048);
    setsockopt($socket, Socket::IPPROTO_TCP(), 2, 536); # TCP_MAXSEG
    connect($socket, Socket::pack_sockaddr_in($port, Socket::inet_aton('127.0.0.1'))) or die "cannot connect to $port: $!\n";
    binmode $socket;
    $socket->autoflush(1);
    return $socket;
}

sub frame { length($_[0]) . ":$_[0]," }

sub take {
    my ($socket, $patience) = @_;
    my ($length, $byte, $text) = ('', '', '');
    local $SIG{ALRM} = sub { die "no reply\n" };
    alarm($patience // 20);
    while (read($socket, $byte, 1)) { last if $byte eq ':'; $length .= $byte }
    die "the server ended it\n" if $byte ne ':';
    while (length $text < $length + 1) {
        read($socket, $text, $length + 1 - length $text, length $text) or die "the server ended it\n";
    }
    alarm(0);
    die "no comma\n" unless chop($text) eq ',';
    return $text;
}

sub rest {
    my ($socket, $patience) = @_;
    my ($all, $more) = ('', '');
    my $select = IO::Select->new($socket);
    while (1) {
        return "$all(open)" unless $select->can_read($patience // 2);
        last unless sysread($socket, $more, 65536);
        $all .= $more;
    }
    return $all;
}

sub request { my ($method, $params) = @_; '{"id":"1","method":"' . $method . '","params":' . ($params // '[]') . ',"version":"2.0"}' }

unless (caller) {
    my ($address, $what, @rest) = @ARGV;
    my $socket = dial($address);
    if ($what eq 'call') {
        print $socket frame(request(@rest));
        print take($socket), "\n";
    } elsif ($what eq 'send') {
        my @texts = split /\n/, $rest[0];
        print $socket join('', map { frame($_) } @texts);
        print take($socket), "\n" for @texts;
    } elsif ($what eq 'raw') {
        (my $bytes = $rest[0]) =~ s/\\x([0-9a-fA-F]{2})/chr hex $1/ge;
        $bytes =~ s/\\n/\n/g;
        print $socket $bytes;
        print rest($socket), "\n";
    } else {
        die "unknown: $what\n";
    }
}
1;

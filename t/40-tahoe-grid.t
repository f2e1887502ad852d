#!/bin/sh
# SPDX-License-Identifier: MIT
# The tahoe driver while the servers of its grid stop one by one, are full and come back, and while its gateway is started anew: what
# cannot be reached is never said to be absent, and what was put is there afterwards.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=tahoe
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/trouble.sh"
own_server tahoe
gateway=http://127.0.0.1:$TAHOE_PORT
(umask 077 && curl -sf -m 20 --noproxy '*' -X POST "$gateway/uri?t=mkdir" >"$work/root")
options="gateway=$gateway root=@$work/root"

# grid STATUSES WHAT <SCRIPT
grid() {
  # shellcheck disable=SC2086 # several options
  calls "$1" "$2" $options
}

grid 'OK OK OK OK' 'all servers are there' <<END
make_mutable_url id
put_immutable $key $work/data
put_mutable id $work/record
check
END
url=$(head -n 1 "$said")
told '"servers_connected": 3, "root_healthy": true, "root_shares_good": 3, "root_shares_needed": 2, "root_shares_expected": 3' 'check says so'

stop_server storage3
grid 'OK OK OK OK OK' 'one of three servers is away' <<END
get_immutable $key $work/out
get_mutable $url $work/out
put_immutable $other $work/other
put_mutable new $work/record
check
END
told '"servers_connected": 2, "root_healthy": false, "root_shares_good": 2' 'check says so'

stop_server storage2
grid 'TRANSIENT TRANSIENT TRANSIENT TRANSIENT TRANSIENT FAILED' 'two of three are' <<END
get_immutable $key $work/none
get_mutable $url $work/none
put_immutable $key $work/data
put_mutable id $work/data
delete_immutable $key
check
END
told 'Too few shares of it can be reached' 'is told'
told 'Of the 2 shares that it takes to read this directory, 1 can be reached' 'check says so'

# A store that has found its directories before uploads, and is told so of the file.
start_server
grid 'OK TRANSIENT OK' 'a put while they go' <<END
put_immutable $other $work/other
run sh $srcdir/t/servers/tahoe stop $own_folder storage3; sh $srcdir/t/servers/tahoe stop $own_folder storage2
put_immutable $key $work/data
run sed -i 's/^reserved_space = .*/reserved_space = 90000G/' $own_folder/grid/storage[23]/tahoe.cfg; sh $srcdir/t/servers/tahoe start $own_folder
get_immutable $key $work/out
END
told 'reaches too few storage servers' 'is told'
succeeds 'what was there is there' cmp "$work/out" "$work/data"

head -c 100000 /dev/urandom >"$work/more"
more=$(sha256 "$work/more")
grid 'OK NO_SPACE NOT_FOUND OK' 'servers without room' <<END
get_mutable $url $work/out
put_immutable $more $work/more
get_immutable $more $work/none
get_immutable $other $work/out
END
told 'Too few storage servers have room' 'are told'
sed -i 's/^reserved_space = .*/reserved_space = 1G/' "$own_folder"/grid/storage[23]/tahoe.cfg
stop_server storage2
stop_server storage3
start_server

# shellcheck disable=SC2086
server_restarts client $options
head -c 67108864 /dev/urandom >"$work/large"
grid 'OK OK OK' '64 MiB' <<END
deadline 120000
put_immutable $(sha256 "$work/large") $work/large
get_immutable $(sha256 "$work/large") $work/out
check
END
told '"root_healthy": true' 'the grid is whole'
succeeds 'what was put came back' cmp "$work/large" "$work/out"
done_testing

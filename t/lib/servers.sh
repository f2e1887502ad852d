# SPDX-License-Identifier: MIT
# For tests with a real server: . "$srcdir/t/lib/servers.sh", after t/lib/tap.sh or what sources it.  All listen on 127.0.0.1, and
# their certificates are for localhost and 127.0.0.1.
#
#   need_server NAME   first thing in a test: sets the server's variables, and starts it where nobody has.  The tests of a run of
#                      tools/run-tests share it, so what a test stores has $own in its name.  Where the server cannot be had the
#                      test is skipped; with CI=true or BLOCKSTORE_REQUIRE_SERVERS=1 it fails.
#   own_server NAME    the same, but nobody else's, ended with the test: for one that stops it.
#   stop_server [PROCESS]  the last own one (of radosgw only its process rgw, of tahoe a node); start_server starts it again, at the same ports, with
#                      what was stored.
#   has_server NAME    need_server that returns false instead of skipping; $reason says why.
#   through PORT       a proxy before that port: PROXY_PORT; fault '{"refuse": true}' makes it fail (all faults are at the head of
#                      t/servers/faultproxy.py), fault '{}' ends that, faults tells them and what was counted.
#
#   apache      APACHE_PORT; with TLS APACHE_TLS_PORT, APACHE_EXPIRED_PORT, APACHE_OTHER_PORT (another host's certificate),
#               APACHE_CLIENT_PORT (wants a client's); APACHE_TLS; APACHE_ROOT; APACHE_USER, APACHE_PASSWORD; t/servers/apache
#   proftpd     FTP_PORT, FTP_TLS_PORT (implicit TLS), FTP_EXPIRED_PORT, FTP_OTHER_PORT; FTP_TLS; FTP_HOME; FTP_USER, FTP_PASSWORD
#   radosgw     S3_PORT, S3_TLS_PORT; S3_TLS; S3_KEY, S3_SECRET; s3_bucket NAME makes one, s3_quota NAME BYTES limits it
#   dhtnode     DHT_PORT, DHT_PORT2: two nodes' REST proxies
#   ipfs        IPFS_PORT (RPC), IPFS_GATEWAY
#   tahoe       TAHOE_PORT, TAHOE_PORT2: the web APIs of two gateways to one grid
#   bitcoind    BITCOIN_PORT; BITCOIN_USER, BITCOIN_PASSWORD or BITCOIN_COOKIE; BITCOIN_DIR, its data; a node in regtest, to be asked
#               and told by t/lib/bitcoin.sh.  Who mines wants an own one; BITCOIN_FLAGS, exported, are options for it
#   syndicate   SYNDICATE_PORT; SYNDICATE_ROOT/fs; SYNDICATE_USER, SYNDICATE_PASSWORD: t/servers/syndicate.py stands in for a gateway
# ..._TLS is a folder of certificates as t/servers/certificates tells, ..._ROOT or ..._HOME what the server shows, to look into.
own=t$$$(basename "$0" .t | tr -cd 'a-z0-9')
: "${servers_folder:=$(mktemp -d)}" # one for a test, however often it reads this
chmod 711 "$servers_folder" # some run as www-data
trap 'end_servers; rm -rf "$work"' EXIT

end_servers() {
  for folder in "$servers_folder"/*/; do
    [ ! -e "$folder/server" ] || sh "$srcdir/t/servers/$(cat "$folder/server")" stop "$folder"
  done
  rm -rf "$servers_folder"
}

servers_are_required() {
  [ "${CI-}" = true ] || [ -n "${BLOCKSTORE_REQUIRE_SERVERS-}" ]
}

# begin NAME FOLDER: a new server there.  (What fails may do so for a port that somebody else took meanwhile.)
begin() {
  [ ! -e "$2/server" ] || sh "$srcdir/t/servers/$1" stop "$2" || :
  rm -rf "$2"
  mkdir "$2"
  echo "$1" >"$2/server"
  sh "$srcdir/t/servers/$1" start "$2" >"$2.log" 2>&1
}

# launch NAME FOLDER: a new server there; what it says in FOLDER.log, and its status in FOLDER.status.  Where it must be there, what is
# missing is fetched.
launch() {
  status=0
  began=$(date +%s)
  if servers_are_required; then
    sh "$srcdir/t/servers/$1" fetch >"$2.log" 2>&1 || status=77
  fi
  [ "$status" != 0 ] || begin "$1" "$2" || begin "$1" "$2" || status=$?
  printf 'server %-17s %6d s\n' "$1" $(($(date +%s) - began)) >>"${2%/*}/times"
  echo "$status" >"$2.status"
}

# use FOLDER: takes the variables of the server there, or says why there is none.
use() {
  reason=$(tail -n 1 "$1.log")
  case $(cat "$1.status") in
    0) . "$1/address" ;;
    77) return 1 ;;
    *)
      report 1 "the server in $1 starts" "$(cat "$1.log")"
      done_testing
      exit 1
      ;;
  esac
}

has_server() {
  folder=${BLOCKSTORE_SERVERS:-$servers_folder}/$1
  (
    flock 9
    [ -e "$folder.status" ] || launch "$1" "$folder"
  ) 9>"$folder.lock"
  use "$folder"
}

# No server is a failure where there must be one.
without_server() {
  servers_are_required || skip_all "$reason"
  report 1 "there is a server: $1" "$reason"
  done_testing
  exit 1
}

need_server() {
  has_server "$1" || without_server "$1"
}

own_server() {
  own_folder=$servers_folder/own-$(ls "$servers_folder" | wc -l)
  launch "$1" "$own_folder"
  use "$own_folder" || without_server "$1"
}

stop_server() {
  sh "$srcdir/t/servers/$(cat "$own_folder/server")" stop "$own_folder" ${1+"$1"}
}

start_server() {
  sh "$srcdir/t/servers/$(cat "$own_folder/server")" start "$own_folder"
}

through() {
  PROXY_TARGET=$1
  export PROXY_TARGET
  kept=${own_folder-}
  own_server faultproxy
  own_folder=$kept
}

fault() {
  curl -sf -m 5 --noproxy '*' -o /dev/null -X PUT --data-binary "$1" "http://127.0.0.1:$PROXY_CONTROL/"
}

faults() {
  curl -sf -m 5 --noproxy '*' "http://127.0.0.1:$PROXY_CONTROL/"
}

# s3 METHOD PATH [CURL-ARGUMENT...]: a request without a body, signed.
s3() {
  curl -sf -m 20 --noproxy '*' --aws-sigv4 aws:amz:us-east-1:s3 -u "$S3_KEY:$S3_SECRET" -X "$1" \
    -H "x-amz-content-sha256: $(printf '' | sha256sum | cut -d ' ' -f 1)" "http://127.0.0.1:$S3_PORT$2"
}

s3_bucket() {
  s3 PUT "/$1"
}

s3_quota() {
  for each in set enable; do
    radosgw-admin -c "$S3_CEPH" -n client.rgw quota $each --quota-scope=bucket --uid=t --bucket="$1" --max-size="$2" 2>"$work/quota" || return
  done
}

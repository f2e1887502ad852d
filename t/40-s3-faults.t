#!/bin/sh
# SPDX-License-Identifier: MIT
# The s3 driver and a connection that fails: each fault ends as it should, before its deadline, and the next call works.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/s3.sh"
through "$S3_PORT"
head -c 1000000 /dev/urandom >"$work/data"
key=$(sha256 "$work/data")
exits 0 'data' put_immutable alice.id "@$work/data"
exits 0 'a record' put_mutable alice.id status 'at home'
configure "$PROXY_PORT"

# ends STATUS FAULT WHAT: a get meets the fault so; afterwards it gets all.
ends() {
  succeeds "$3 begins" fault "$2"
  exits "$1" "$3: a get ends with $1" --deadline 4s get_immutable alice.id "$key" -o "$work/back"
  is_empty "$(find "$work" -name 'back*')" "$3: nothing is handed out"
  fault '{}'
  exits 0 "$3: the next get" get_immutable alice.id "$key" -o "$work/back"
  succeeds "$3: it is whole" cmp "$work/data" "$work/back"
  rm "$work/back"
}

ends 7 '{"refuse": true}' 'refusing'
ends 10 '{"latency_ms": 30000}' 'waiting beyond the deadline'
ends 7 '{"down_limit": 300000}' 'truncation'
ends 7 '{"down_limit": 300000, "on_limit": "reset"}' 'a reset'
ends 10 '{"down_limit": 300000, "on_limit": "hang"}' 'hanging'
ends 5 '{"corrupt_at": 500000}' 'a flipped byte'
ends 10 '{"rate": 2000}' 'a slow drip'
ends 7 '{"down_limit": 100}' 'an answer cut in its headers'

# stores STATUS FAULT WHAT: a put meets the fault so, and leaves nothing that reads as the datum; afterwards it works.
stores() {
  succeeds "$3 begins" fault "$2"
  head -c 1000000 /dev/urandom >"$work/more"
  new=$(sha256 "$work/more")
  exits "$1" "$3: a put ends with $1" --deadline 4s put_immutable alice.id "@$work/more"
  fails "$3: nothing is there" s3 GET "/$own/$(at "$new")"
  fault '{}'
  exits 0 "$3: the next put" put_immutable alice.id "@$work/more"
  is "$(s3 GET "/$own/$(at "$new")" | sha256)" "$new" "$3: it is there, and whole"
}

stores 7 '{"refuse": true}' 'refusing'
stores 7 '{"up_limit": 300000}' 'a connection closed within the data'
stores 7 '{"up_limit": 300000, "on_limit": "reset"}' 'a reset within the data'
stores 10 '{"up_limit": 300000, "on_limit": "hang"}' 'hanging within the data'

# The first connections fail, the next does not: it is tried again.
fault '{"refuse": true, "first_n": 1}'
exits 0 'a put is tried again' put_mutable alice.id status 'on the road'
fault '{"down_limit": 0, "first_n": 1}'
exits 0 'a get is tried again' get_mutable alice.id status
says data 'on the road' 'and gets what was put'

# Long uploads that fail leave no parts behind, where the server can still be reached.
head -c 75000000 /dev/urandom >"$work/long"
fault '{"up_limit": 5000000}' # no part comes through
exits 7 'a long put breaks off' --deadline 20s put_immutable alice.id "@$work/long"
fault '{}'
is_empty "$(s3 GET "/$own?uploads=" | grep -o '<Upload>')" 'its parts are gone'
fails 'nothing is there' s3 GET "/$own/$(at "$(sha256 "$work/long")")"
exits 0 'the next one works' put_immutable alice.id "@$work/long"
done_testing

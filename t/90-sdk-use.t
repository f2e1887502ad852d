#!/bin/sh
# SPDX-License-Identifier: MIT
# examples/driver, renamed as its README says, built by its plain Makefile and dropped into a fresh directory, serves the
# quickstart's data; so do the driver in C++ and the one that is linked into a program, on the same database.
sdk_tools=sqlite3
. "${srcdir:-$(dirname "$0")/..}/t/lib/sdk.sh"

copy_example driver "$work/mine"
rename_example sqlite "$work/mine"
succeeds 'plain.mk' make -s -C "$work/mine" -f plain.mk CFLAGS='-O2 -Wall -Wextra -Werror'
exports_entry "$work/mine/mine.so" mine
quick=
[ ! -w /dev/shm ] || quick=TMPDIR=/dev/shm
is "$(env $quick make -s -C "$work/mine" -f plain.mk check 2>&1 | sed -n '/^1\.\./s/[0-9]*$//p; /^not ok/p; /^make/p')" 1.. \
  'its check finds blockstore-driver-test where it is installed, and passes'
mkdir "$work/drivers" && cp "$work/mine/mine.so" "$work/drivers"
succeeds 'it can be installed' make -s -C "$work/mine" -f plain.mk install DESTDIR="$work/there" driverdir=/drivers
succeeds 'which puts the file there' cmp "$work/mine/mine.so" "$work/there/drivers/mine.so"

# ---- the quickstart's data ----

database=$HOME/objects.db
use_driver "$work/drivers" mine "$database"
own_state="state_dir: $HOME/state"
echo "$own_state" >>"$config"
use() { # STATUS WHAT ARGUMENT...
  expected=$1 what=$2
  shift 2
  exits "$expected" "$what" -c "$config" -k "$HOME/key" "$@"
}
cd "$HOME" || exit 1
echo 'Nobody has to trust the store.' >fact.txt
key=$(sha256 fact.txt)
cli keygen "$HOME/key"
use 0 'the driver is listed' drivers mine
use 0 'a name' register alice.id
use 0 'immutable data' put_immutable alice.id @fact.txt
use 0 'comes back' get_immutable alice.id "$key" -o copy.txt
succeeds 'as it was' cmp fact.txt copy.txt
sql() {
  sqlite3 "$database" "$@"
}
is "$(sql "SELECT count(*) FROM object WHERE name = 'immutable/$key'")" 1 'it is a row'
sql "UPDATE object SET data = CAST(replace(data, 'Nobody', 'nobody') AS BLOB) WHERE name = 'immutable/$key'"
use 5 'a changed byte is caught' get_immutable alice.id "$key" --raw
use 0 'a put mends it' put_immutable alice.id @fact.txt
use 0 'and it can be read again' get_immutable alice.id "$key"
use 0 'mutable data' put_mutable alice.id status home
use 0 'comes back' get_mutable alice.id status
says data home 'as it was put'
sql "CREATE TABLE before AS SELECT * FROM object WHERE name LIKE 'mutable/%'"
use 0 'its next version' put_mutable alice.id status away
sql "REPLACE INTO object (name, data) SELECT name, data FROM before"
use 4 'a rolled back version is caught' get_mutable alice.id status
sql "UPDATE object SET data = CAST(replace(data, '\"ver\": 1', '\"ver\": 3') AS BLOB) WHERE name LIKE 'mutable/%'"
use 5 'a forged one too' get_mutable alice.id status
sql 'DROP TABLE before'
use 0 'the next put mends it' put_mutable alice.id status here
use 0 'a second delete of data' delete_immutable alice.id "$key" --purge
is "$(sql "SELECT count(*) FROM object WHERE name = 'immutable/$key'")" 0 'what was deleted is no row'

# ---- the same database by the others ----

copy_example driver "$work/example"
if [ "$(variable CC)" = clang ]; then CXX=clang++; else CXX=g++; fi
if command -v "$CXX" >/dev/null; then
  succeeds 'in C++' make -s -C "$work/example/cxx" CXX="$CXX" CXXFLAGS='-O2 -Wall -Wextra -Werror'
  exports_entry "$work/example/cxx/sqlite.so" sqlite
  mkdir "$work/cxx" && cp "$work/example/cxx/sqlite.so" "$work/cxx"
  use_driver "$work/cxx" sqlite "$database" && echo "$own_state" >>"$config"
  use 0 'immutable data' put_immutable alice.id 'from C++'
  use 0 'comes back' get_immutable alice.id "$(printf 'from C++' | sha256)"
  use 0 'mutable data' put_mutable alice.id status there
  use 0 'comes back' get_mutable alice.id status
  says data there 'as it was put'
else
  skip "needs $CXX"
fi
sql "DELETE FROM object WHERE name LIKE 'mutable/%status'"

CFLAGS="$(variable CFLAGS) $(variable BS_LDFLAGS | grep -oE -e '-fsanitize=[a-z,]+')"
archive=$(find "$library" -name libblockstore.a)
for libs in '' "${archive:+$(pkg-config --static --libs blockstore | sed 's|-lblockstore|-l:libblockstore.a|')}"; do
  how='with the library'
  [ -z "$libs" ] || how='with the archive'
  succeeds "linked into a program $how" \
    make -s -B -C "$work/example/static" CC="$(variable CC)" CFLAGS="$CFLAGS" ${libs:+LIBS="$libs"}
  use_driver "$work/none" sqlite "$database" && echo "$own_state" >>"$config"
  sed -i 's/^plugin_path: .*/plugin_path: []/' "$config"
  "$work/example/static/static" "$config" alice.id "$HOME/key" "linked in $how" >"$out" 2>"$err"
  is "$?, $(cat "$out" "$err")" "0, $(printf %s "linked in $how" | sha256)
linked in $how" 'it needs no file of a driver'
done
use 2 'which blockstore-cli does' get_immutable alice.id "$key"
like "$(cat "$err")" 'There is no driver sqlite: no directory of drivers' 'as it says'
is "$(sql 'PRAGMA integrity_check')" ok 'the database is sound'
done_testing

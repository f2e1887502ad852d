# SPDX-License-Identifier: MIT
# For tests of blockstore-cli: . "$srcdir/t/lib/cli.sh".  A user of its own, who has nothing yet, and what is said of a run.
. "$(dirname "$0")/lib/tap.sh"
# What t/lib/servers.sh starts has its downloads there.
: "${SERVERS_HOME:=$HOME}" "${SERVERS_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}}"
export SERVERS_HOME SERVERS_CACHE
BLOCKSTORE_DRIVER_HOST=$builddir/tools/libexec/driver-host
export BLOCKSTORE_DRIVER_HOST
HOME=$work/home
mkdir "$HOME"
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME XDG_CACHE_HOME BLOCKSTORE_KEY_FILE
export HOME
out=$work/out err=$work/err

# The program itself: for each call libtool's script would take ten times as long as most commands.
program=$builddir/tools/bin/.libs/blockstore-cli
[ -x "$program" ] || program=$builddir/tools/bin/blockstore-cli

# cli ARGUMENT...: leaves $out, $err and $status.
cli() {
  status=0
  LD_LIBRARY_PATH=$builddir/.libs BLOCKSTORE_PLUGIN_PATH=$builddir/plugins/.libs${BLOCKSTORE_PLUGIN_PATH:+:$BLOCKSTORE_PLUGIN_PATH} \
    "$program" "$@" >"$out" 2>"$err" || status=$?
}

# $program then finds by itself what was built with it: for what preloads something, or is another user's.
past_libtool() {
  LD_LIBRARY_PATH=$builddir/.libs
  BLOCKSTORE_PLUGIN_PATH=$builddir/plugins/.libs
  export LD_LIBRARY_PATH BLOCKSTORE_PLUGIN_PATH
  cli() {
    status=0
    "$program" "$@" >"$out" 2>"$err" || status=$?
  }
}

# exits STATUS WHAT ARGUMENT...: runs it; shows what it said when the status is another.
exits() {
  expected=$1 what=$2
  shift 2
  cli "$@"
  [ "$status" = "$expected" ] && report 0 "$what" || report 1 "$what" "status $status instead of $expected
$(cat "$out" "$err")"
}

# says MEMBER VALUE WHAT: a member of the document in $out.
says() {
  is "$(member "$1")" "$2" "$3"
}

# member PATH: of the document in $out; a.0.b goes into arrays and objects.
member() {
  perl -MJSON::PP -e '
    local $/;
    my $at = JSON::PP->new->utf8->decode(<STDIN>);
    for (split /\./, shift) { $at = ref $at eq "ARRAY" ? $at->[$_] : $at->{$_} }
    binmode STDOUT, ":utf8";
    print ref $at ? JSON::PP->new->canonical->encode($at) : $at // "null"' "$1" <"$out"
}

# is_document WHAT: one JSON object, keys sorted, four spaces, one newline at the end.
is_document() {
  perl -MJSON::PP -e '
    local $/;
    my $text = <STDIN>;
    my $json = JSON::PP->new->utf8->canonical->indent->indent_length(4)->space_after;
    my $value = $json->decode($text);
    exit !(ref $value eq "HASH" && $json->encode($value) eq $text)' <"$out" 2>"$work/perl" && report 0 "$1" ||
    report 1 "$1" "$(cat "$out" "$work/perl")"
}

# refused STATUS WORD REGEX ARGUMENT...: that failure, as a document and as one line whose text fits.
refused() {
  expected=$1 word=$2 regex=$3
  shift 3
  cli "$@"
  line=$(cat "$err")
  if [ "$status" = "$expected" ] && [ "$(member code)" = "$word" ] && [ "$(wc -l <"$err")" = 1 ] &&
    [ "blockstore-cli: $(member error)" = "$line" ] && printf '%s\n' "$line" | grep -qE -e "$regex"; then
    report 0 "refused: $*"
  else
    report 1 "refused: $*" "status $status instead of $expected; wanted: $word, $regex
$(cat "$out" "$err")"
  fi
}

# A key and a name of its own, for the tests that only need one.
own_name() {
  cli keygen "$HOME/key"
  BLOCKSTORE_KEY_FILE=$HOME/key
  export BLOCKSTORE_KEY_FILE
  cli register "$1"
  [ "$status" = 0 ] || { echo "Bail out! register $1: $(cat "$err")"; exit 1; }
}

# keeps_data: the stores of $config do, of a new key $work/key and its name alice.id: immutable data, then the id note, "first".
keeps_data() {
  exits 0 'a key' keygen "$work/key"
  exits 0 'a name' -c "$config" -k "$work/key" register alice.id
  head -c 3000000 /dev/urandom >"$work/datum"
  exits 0 'immutable data is put' -c "$config" -k "$work/key" put_immutable alice.id "@$work/datum"
  exits 0 'and got' -c "$config" get_immutable alice.id "$(sha256 "$work/datum")" -o "$work/got"
  succeeds 'the same' cmp "$work/datum" "$work/got"
  exits 0 'mutable data is put' -c "$config" -k "$work/key" put_mutable alice.id note first
}

# All that the user has: names, sizes, times of content, content.
whole() {
  (cd "$HOME" && find . -printf '%p %y %m %s %T@\n' | LC_ALL=C sort && find . -type f -exec sha256sum {} + | LC_ALL=C sort)
}

sha256() {
  sha256sum "$@" | cut -d ' ' -f 1
}

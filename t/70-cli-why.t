#!/bin/sh
# SPDX-License-Identifier: MIT
# `drivers why NAME`: which file would be loaded, or why none is: every candidate, with the rule that refused it.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
modules=$builddir/t/modules/.libs
one=$work/one two=$work/two
mkdir -m 755 "$one" "$two"
past_libtool # whose build folder of drivers would be looked at, too
BLOCKSTORE_PLUGIN_PATH=$work/none:$one:$two
why() {
  status=0
  "$program" drivers why "$1" >"$out" 2>"$err" || status=$?
}

# put MODULE FILE: a copy of a test module.
put() {
  cp "$modules/$1.so" "$2" && chmod 644 "$2"
}

# refuses NAME RULE REGEX: the one file of that name is refused by the rule, and none is loaded.
refuses() {
  why "$1"
  is "$status $(member loads) $(member candidates.0.verdict) $(member candidates.0.rule)" "1 null refused $2" "$1: refused: $2"
  like "$(member candidates.0.reason)" "$3" "$1: with its reason"
  is "$(member reason)" "$(member candidates.0.reason)" "$1: which is why none is loaded"
  like "$(cat "$err")" '^blockstore-cli: No driver is loaded; "reason"' "$1: and that is said"
}

put good "$two/good.so"
why good
is_document 'a document'
is "$status $(member loads) $(member reason) $(member driver)" "0 $two/good.so null good" 'what would be loaded'
is "$(member candidates.0.file) $(member candidates.0.verdict) $(member candidates.0.rule)" "$two/good.so loads null" 'and its verdict'
is "$(cat "$err")" '' 'nothing else is said'
is "$(member directories.0.path) $(member directories.0.rule)" "$work/none missing" 'a directory that is missing is called so'
like "$(member directories.0.reason)" 'There is no such directory' 'in words, too'
is "$(member directories.1.rule)" null 'others were searched'

put good "$one/good.so"
why good
is "$(member loads) $(member candidates.1.verdict) $(member candidates.1.shadowed_by)" "$one/good.so shadowed $one/good.so" \
  'the first directory decides'
chmod 664 "$one/good.so"
refuses good writable "^$one/good.so: .*its group.*; run: chmod go-w $one/good.so\$"
is "$(member candidates.1.verdict) $(member candidates.1.rule)" 'shadowed null' 'a refused file is not passed over'
rm "$one/good.so"
chmod 775 "$one"
why good
is "$status $(member loads) $(member directories.1.rule)" '1 null writable' 'a directory that is refused'
like "$(member reason)" "^$one: The directory can be written" 'decides about all names'
is "$(member candidates.0.verdict) $(member candidates.0.shadowed_by)" "shadowed $one" 'also about one that it may not have'
why nosuch
like "$status $(member reason)" "^1 driver nosuch: $one: The directory can be written" 'or that nobody has'
chmod 755 "$one"

why goof
is "$status $(member loads) $(member candidates)" '1 null []' 'nothing is found'
like "$(member reason)" "no driver goof .*$work/none, $one, $two.*Did you mean good\?" 'where it was looked for, and the nearest name'
why Good
like "$status $(member reason)" '^1 "Good" cannot be a driver: names are' 'what is no name'

BLOCKSTORE_PLUGIN_PATH=/dev/null/x:$one:$two
why good
is "$status $(member directories.0.rule)" '1 unreadable' 'a directory that cannot be reached'
like "$(member reason)" '^/dev/null/x: .*Not a directory' "with the system's reason"
BLOCKSTORE_PLUGIN_PATH=$work/none:$one:$two

put good "$one/Bad-Name.so"
why Bad-Name
like "$(member candidates) $(member reason)" \
  '^\[\] "Bad-Name" cannot be a driver: names are' 'a file that has no name of a driver'
put good "$work/elsewhere.so" && ln -s ../elsewhere.so "$one/link.so"
refuses link link "^$one/link.so: .*symbolic link"
mkdir "$one/folder.so"
refuses folder kind 'a directory, not a regular file'
echo text >"$one/text.so"
refuses text not_elf 'not an ELF file'
head -c 200 "$modules/good.so" >"$one/cut.so"
refuses cut truncated 'cut off: it has 200 bytes'
put nonote "$one/nonote.so"
refuses nonote no_note 'not a driver, or stripped'
put good "$one/other.so"
refuses other other_name 'called good: rename the file to good\.so'
put newermajor "$one/newermajor.so"
refuses newermajor abi 'built for ABI 7\.0'
if [ "$(id -u)" = 0 ]; then
  put good "$one/good.so" && chown 12345 "$one/good.so"
  refuses good owner 'belongs to user 12345.*; run: chown root'
  rm "$one/good.so"
else
  skip 'only root can give a file away'
fi

# A directory that can be searched and not listed: loading opens the file all the same.
put good "$one/good.so" && chmod 311 "$one"
as_user=
if [ "$(id -u)" = 0 ]; then # who may list any
  chmod 755 "$work"
  as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi
if $as_user test -x "$program"; then
  status=0
  $as_user "$program" drivers why good >"$out" 2>"$err" || status=$?
  is "$status $(member loads) $(member candidates.1.shadowed_by)" "0 $one/good.so $one/good.so" \
    'a directory that cannot be listed decides as any other'
  is "$(member directories.1.rule)" null 'and was searched'
  rm "$two/good.so"
  $as_user "$program" drivers why good >"$out" 2>"$err" || status=$?
  is "$status $(member loads) $(member reason)" "0 $one/good.so null" 'also where no other has the driver'
else
  skip 'another user cannot reach the build folder'
fi
chmod 755 "$one" && rm "$one/good.so"

put needslibrary "$one/needslibrary.so"
refuses needslibrary library 'needs the library libgone\.so.*LD_LIBRARY_PATH'
is "$(member candidates.0.missing)" '["libgone.so"]' 'what is missing'
like "$(member candidates.0.needs)" '"libgone.so"' 'of what is needed'
printf 'stores: [{name: one, driver: needslibrary}]\n' >"$work/gone.yaml"
refused 2 driver "^blockstore-cli: $work/gone.yaml:1:30: Store one: .*libgone\.so.*; run: blockstore-cli drivers why needslibrary\$" \
  -c "$work/gone.yaml" stores
put undefined "$one/undefined.so"
printf 'stores: [{name: one, driver: undefined}]\n' >"$work/undefined.yaml"
refused 2 driver "^blockstore-cli: .*nobody_has_this_function; to see all that it lacks, run, if you trust it: ldd -r $one/undefined\.so\$" \
  -c "$work/undefined.yaml" stores
why undefined
is "$status $(member loads)" "0 $one/undefined.so" 'what only loading shows is not sent to where it is not seen'
printf 'stores: [{name: one, driver: nosuch}]\n' >"$work/nosuch.yaml"
cli -c "$work/nosuch.yaml" stores
is "$status $(member error | grep -c 'drivers why')" '2 0' 'what is not there is told in full, without it'
mkdir "$work/lib" && cp "$modules/libgone.so" "$work/lib"
LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$work/lib
why needslibrary
is "$status $(member loads) $(member candidates.0.missing)" "0 $one/needslibrary.so []" 'the linker finds it where it is told to look'

put crashing "$one/crashing.so"
why crashing
is "$status $(member loads)" "0 $one/crashing.so" 'no code of a file runs'

# A driver may be called "why".
status=0
"$program" drivers why >"$out" 2>"$err" || status=$?
is "$status $(member code)" '2 driver' 'the word alone is a name'
like "$(member error)" '^There is no driver why \(why\.so\)' 'that of a driver'
why why
like "$status $(member reason)" '^1 There is no driver why ' 'which can be asked for'
"$program" drivers >"$out"
is "$(member directories.0.rule)" missing 'the list says it of directories'
like "$(cat "$out")" '"rule": "not_elf"' 'and of files'
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# Each shell, asked what may follow, offers what help says, and nothing else.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
mkdir "$work/files" "$work/files/dir"
touch "$work/files/fox.key" "$work/files/fox.yaml" "$work/files/my file"

# ---- what is to be offered ----

cli --help
cp "$out" "$work/help"
sed -nE '/^Options:/q; s/^  ([a-z][a-z_]*).*/\1/p' "$work/help" >"$work/commands"
# The spellings of the options in a help text.
options() {
  sed -nE '/^Options:/,$ s/^  (   |(-.),) (--[a-z-]+).*/\2 \3/p' "$1" | tr -s ' ' '\n' | sed '/^$/d'
}

# asked LINE CANDIDATE...: what is typed, and all that may follow.
asked() {
  printf '== blockstore-cli %s\n' "$1"
  shift
  printf '%s\n' "$@" | sed '/^$/d' | LC_ALL=C sort
}

all_commands=$(cat "$work/commands")
common=$(options "$work/help" | grep -vx -e --version)
{
  # shellcheck disable=SC2086
  {
    asked '' $all_commands
    asked - $common --version
    asked '-v --raw ' $all_commands
    asked 'help ' $all_commands
    for command in $all_commands; do
      cli help "$command"
      own=$(options "$out")
      asked "$command -" $common $own
      asked "$(echo "$command" | tr _ -) -v -" $common $own
    done
  }
  asked bogus
  asked 'get_mutab' get_mutable
  asked '--deadline 5s get_mutab' get_mutable
  asked '-- get_mutab' get_mutable
  asked 'get_mutable -- --'
  asked 'get_mutable a --ra' --raw
  asked 'stores --ra'
  asked 'keygen ' dir fox.key fox.yaml 'my file'
  asked 'keygen -- f' fox.key fox.yaml
  asked 'keygen --test f' fox.key fox.yaml
  asked 'keygen fox.key f'
  asked '-c f' fox.key fox.yaml
  asked '-vc f' fox.key fox.yaml
  asked '-cf' -cfox.key -cfox.yaml
  asked '--config=f' --config=fox.key --config=fox.yaml
  asked 'get_immutable a b --output f' fox.key fox.yaml
  asked 'get_immutable -of a f'
  asked 'put_mutable a f'
  asked 'put_mutable a b f'
  asked 'put_mutable a b @f' @fox.key @fox.yaml
  asked 'put_mutable a b@c:d @f' @fox.key @fox.yaml
  asked 'put_mutable --txid @f a @f'
  asked 'update a @fox.k' @fox.key
  asked 'get_mutable @f'
  asked 'transfer a b ' false true
  asked 'transfer --dry-run a -v b t' true
  asked 'namespace_reveal --lifetime ' infinite
  asked 'namespace_reveal --lifetime=' --lifetime=infinite
  asked 'namespace_reveal --coeff '
  asked 'drivers ' lock why
  asked 'drivers why '
  asked 'completion ' bash fish zsh
  asked 'help get_mutab' get_mutable
} >"$work/expected"
[ "$(grep -c '^==' "$work/expected")" -gt 100 ] && grep -qx -e '--ver-min' "$work/expected"
report $? 'help was understood' "$(head -n 60 "$work/expected")"
sed -n 's/^== //p' "$work/expected" >"$work/lines"

# ---- asking: each prints the lines of the file $1, and what its shell offers for each ----

cat >"$work/ask.bash" <<'ASK'
source "$1"
[[ $(complete -p blockstore-cli) =~ -F\ ([^ ]+) ]] && function=${BASH_REMATCH[1]}
while IFS= read -r COMP_LINE; do
  COMP_POINT=${#COMP_LINE} COMP_WORDS=() COMPREPLY=() rest=$COMP_LINE
  while [[ $rest =~ ^\ *([=:@]|[^ =:@]+)(.*)$ ]]; do # as COMP_WORDBREAKS says
    COMP_WORDS+=("${BASH_REMATCH[1]}") rest=${BASH_REMATCH[2]}
  done
  last=${COMP_WORDS[-1]} word=${COMP_LINE##* }
  [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('') last=''
  [[ $last == [=:@] ]] && last=''
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  "$function" blockstore-cli "$last"
  echo "== $COMP_LINE"
  for reply in "${COMPREPLY[@]}"; do echo "${word%"$last"}$reply"; done
done <"$2"
ASK
ask_bash() {
  bash --norc "$work/ask.bash" "$work/bash" "$1"
}

# In a shell of its own on a terminal; what is added to the candidates is told through a descriptor.
cat >"$work/ask.zsh" <<'ASK'
fpath=($work/functions $fpath)
autoload -Uz compinit
compinit -D -u
[[ -e $work/functions/_blockstore-cli ]] || source $work/zsh
exec 3>$work/answers
compadd() {
  local -a hits
  if [[ " ${argv[1,(i)(-|--)]} " != *' -'[ADO]' '* ]]; then
    builtin compadd -O hits "$@"
    (($#hits)) && print -rlu3 -- $IPREFIX${^${(Q)hits}}
  fi
  builtin compadd "$@"
}
ask() {
  local line
  while IFS= read -r line; do
    print -ru3 -- "== $line"
    BUFFER=$line CURSOR=$#line
    zle list-choices
  done <$work/asked
  exit
}
zle -N ask
bindkey '^X' ask
ASK
cat >"$work/terminal.zsh" <<'ASK'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "source $work/ask.zsh; print 'RE''ADY'"
while zpty -r shell line && [[ $line != *READY* ]]; do :; done
zpty -w -n shell $'\x18'
while zpty -r shell line; do print -r -- $line; done
ASK
ask_zsh() {
  cp "$1" "$work/asked"
  (export work && TERM=dumb timeout 120 zsh -f "$work/terminal.zsh" >"$work/screen")
  cat "$work/answers"
}

cat >"$work/ask.fish" <<'ASK'
source $argv[1]
while read -l line
    echo "== $line"
    complete -C "$line"
end <$argv[2]
ASK
ask_fish() {
  fish --no-config "$work/ask.fish" "$work/fish" "$1"
}

# sort_answers <ANSWERS: candidates in order, without descriptions, and without the slash that a directory may have.
sort_answers() {
  sed 's/	.*//; s|/$||' | awk '/^== / { line = NR; print NR "\t0\t" $0; next } { print line "\t1\t" $0 }' |
    LC_ALL=C sort -t '	' -k 1,1n -k 2,2n -k 3 -u | cut -f 3
}

# ---- each shell ----

refused 2 usage 'the shell tcsh; .*bash, zsh and fish' completion tcsh
for shell in bash zsh fish; do
  exits 0 "completion $shell" completion "$shell"
  is "$(cat "$err")" '' 'it says nothing on stderr'
  cp "$out" "$work/$shell"
  command -v "$shell" >/dev/null || { skip "needs $shell"; continue; }
  [ "$shell" != fish ] || sed -i '/^-cfox/d' "$work/expected" # it has no files behind a letter
  (cd "$work/files" && "ask_$shell" "$work/lines") >"$work/raw" 2>"$work/said"
  sort_answers <"$work/raw" >"$work/offered"
  is_empty "$(diff "$work/expected" "$work/offered" 2>&1)" "$shell offers what help says, and nothing else"
  is "$(cat "$work/said")" '' 'and says nothing on stderr'
  mkdir -p "$work/functions"
  [ "$shell" != zsh ] || cp "$work/zsh" "$work/functions/_blockstore-cli" # as it is installed
  echo 'blockstore-cli get-mutab' >"$work/one"
  like "$("ask_$shell" "$work/one")" '^get[-_]mutable' "$shell completes a command that is typed with -"
  summary=$(sed -n 's/^  get_mutable .*ID  *//p' "$work/help")
  case $shell in
    zsh) like "$(cat "$work/screen")" "get_mutable +-- $summary" 'it says what the command does' ;;
    fish) like "$("ask_$shell" "$work/one")" "^get-mutable.$summary\$" 'it says what the command does' ;;
  esac
done

if command -v shellcheck >/dev/null; then
  is_empty "$(shellcheck -s bash "$work/bash" 2>&1)" 'shellcheck has no remark on the script for bash'
else
  skip 'needs shellcheck'
fi

# Typed in bash on a terminal: what the command gets in the end.
if ! command -v bash >/dev/null; then
  skip 'needs bash'
elif ! command -v script >/dev/null; then
  skip 'needs script'
else
  printf '%s\n' "source '$work/bash'" "cd '$work/files'" 'blockstore-cli() { printf "<%s>" "$@" >>../typed; }' \
    'blockstore-cli get-mut	a.id --ver-mi	5' 'true; blockstore-cli put_immutable a.id @my	' 'blockstore-cli put_immutable a.id "@my	' \
    'blockstore-cli --config=my	 stor	' 'blockstore-cli -c "my	 stor	' 'blockstore-cli keygen di	fox' 'blockstore-cli keygen ~/ho	' exit >"$work/keys"
  touch "$HOME/home.key"
  TERM=dumb script -qec 'bash --norc -i' /dev/null <"$work/keys" >"$work/screen"
  is "$(cat "$work/typed")" "<get_mutable><a.id><--ver-min><5><put_immutable><a.id><@my file><put_immutable><a.id><@my file>\
<--config=my file><stores><-c><my file><stores><keygen><dir/fox><keygen><$HOME/home.key>" 'what is typed in bash is completed and quoted'
fi
done_testing

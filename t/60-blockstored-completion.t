#!/bin/sh
# SPDX-License-Identifier: MIT
# Each shell offers blockstored's options, as --help says them, and files behind -c.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
scripts=$srcdir/tools/blockstored/completion
"$server" --help | grep -oE '(^|[ ,])--?[a-z]+' | tr -d ' ,' | LC_ALL=C sort -u >"$work/options"
[ "$(wc -l <"$work/options")" -ge 6 ]
report $? '--help has options'
mkdir "$work/files"
touch "$work/files/fox.yaml" "$work/files/my file"
cd "$work/files" || exit 1

# offers WHAT EXPECTED: what the shell printed into $work/offered.
offers() {
  is "$(LC_ALL=C sort <"$work/offered" | paste -sd ' ')" "$2" "$1"
}
all=$(paste -sd ' ' <"$work/options")

if command -v bash >/dev/null; then
  ask_bash() {
    bash --norc -c 'source "$1"; _blockstored blockstored "$2" "$3"; for reply in "${COMPREPLY[@]}"; do echo "$reply"; done' - \
      "$scripts/blockstored" "$1" "$2" >"$work/offered" 2>"$work/said"
  }
  ask_bash - blockstored
  offers 'bash: the options' "$all"
  is "$(cat "$work/said")" '' 'and it says nothing'
  ask_bash --ch blockstored
  offers 'bash: some of them' '--chain --check'
  ask_bash f -c
  offers 'bash: a file behind -c' fox.yaml
  ask_bash m --config
  offers 'bash: a file with a space' 'my file'
  ask_bash f =
  offers 'bash: a file behind --config=' fox.yaml
  ask_bash '' blockstored
  offers 'bash: no arguments' ''
  like "$(bash --norc -c 'source "$1"; complete -p blockstored' - "$scripts/blockstored")" '-F _blockstored blockstored' 'bash: it is known'
  if command -v shellcheck >/dev/null; then
    is_empty "$(shellcheck -s bash "$scripts/blockstored" 2>&1)" 'shellcheck has no remark on it'
  else
    skip 'needs shellcheck'
  fi
else
  skip 'needs bash'
fi

if command -v fish >/dev/null; then
  ask_fish() {
    fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$scripts/blockstored.fish" "$1" 2>"$work/said" | cut -f 1 >"$work/offered"
  }
  ask_fish 'blockstored -'
  offers 'fish: the options' "$all"
  is "$(cat "$work/said")" '' 'and it says nothing'
  ask_fish 'blockstored -c f'
  offers 'fish: a file behind -c' fox.yaml
  ask_fish 'blockstored f'
  offers 'fish: no arguments' ''
else
  skip 'needs fish'
fi

if command -v zsh >/dev/null; then
  zsh -fn "$scripts/_blockstored" 2>"$work/said"
  is "$?$(cat "$work/said")" 0 'zsh reads it'
  is "$(head -n 1 "$scripts/_blockstored")" '#compdef blockstored' 'and knows whose it is'
  is_empty "$(while read -r option; do grep -q -e "[{(',)]${option}[]=+},[]" "$scripts/_blockstored" || echo "$option"; done <"$work/options")" \
    'zsh: every option'
else
  skip 'needs zsh'
fi
done_testing

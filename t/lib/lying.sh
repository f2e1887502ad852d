# SPDX-License-Identifier: MIT
# For tests with a store that lies: . "$srcdir/t/lib/lying.sh".  A name whose record and datum lie in an honest `good` store
# and in `liar`, the driver of t/modules/lying.c; configurations in which the liar lies.
. "$(dirname "$0")/lib/cli.sh"
mkdir -m 755 "$work/drivers"
cp "$builddir/t/modules/.libs/lying.so" "$work/drivers" && chmod 755 "$work/drivers/lying.so"
BLOCKSTORE_PLUGIN_PATH=$work/drivers
export BLOCKSTORE_PLUGIN_PATH
mkdir "$HOME/liar"

# liar_only OPTION..., with_good OPTION...: "lie: flip" and so on, into $work/config.yaml.
liar_only() {
  {
    echo "state_dir: $HOME/state"
    echo "names: {ledger: $HOME/ledger.db}"
    echo 'timeouts: {operation: 3s}'
    echo 'stores:'
    printf '  - {name: liar, driver: lying, root: %s' "$HOME/liar"
    for option in "$@"; do printf ', %s' "$option"; done
    echo '}'
  } >"$work/config.yaml"
}
with_good() {
  liar_only "$@"
  echo "  - {name: good, driver: disk, root: $HOME/good}" >>"$work/config.yaml"
}

# All of what the stores, the ledger and the state hold, without what a reader may leave.
everything() {
  (cd "$HOME" && find . -type f ! -name '*-shm' ! -name '*-wal' -exec sha256sum {} + | sort -k 2)
}

mkdir "$HOME/state" && chmod 700 "$HOME/state"
with_good
cli -c "$work/config.yaml" keygen "$HOME/key"
BLOCKSTORE_KEY_FILE=$HOME/key
BLOCKSTORE_CONFIG=$work/config.yaml
export BLOCKSTORE_KEY_FILE BLOCKSTORE_CONFIG
cli -c "$work/config.yaml" register alice.id
[ "$status" = 0 ] || { echo "Bail out! $(cat "$err")"; exit 1; }
cli -c "$work/config.yaml" put_immutable alice.id 'some data'
[ "$status" = 0 ] || { echo "Bail out! $(cat "$err")"; exit 1; }
key=$(printf 'some data' | sha256)
cli -c "$work/config.yaml" get_immutable alice.id "$key" # what the name says now has been seen, and is remembered
config=$work/config.yaml

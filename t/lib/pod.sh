# SPDX-License-Identifier: MIT
# For tests of manual pages: . "$srcdir/t/lib/pod.sh", behind tap.sh.

# blocks POD SECTIONS DIRECTORY: the verbatim blocks of the sections that the regular expression names, each in a file of its
# own, 001, 002 ..., without its indentation.  A blank line ends a block.
blocks() {
  mkdir -p "$3"
  awk -v sections="^($2)\$" -v directory="$3" '
    /^=head1 / { inside = substr($0, 8) ~ sections }
    !/^ / { open = 0 }
    inside && /^ / {
      if (!open) file = sprintf("%s/%03d", directory, ++count)
      if (!open) indentation = match($0, /[^ ]/) - 1
      open = 1
      print substr($0, indentation + 1) >file
    }' "$1"
}

# read_configurations SECRET: behind t/lib/cli.sh.  Of the files in $work/blocks those that begin with "stores:" are configurations,
# which must be read without showing the secret; all others are commands, which go to $work/commands.
read_configurations() {
  for block in "$work"/blocks/*; do
    if [ "$(head -n 1 "$block")" = stores: ]; then
      exits 0 "a configuration is read: $(sed -n 2p "$block")" -c "$block" config
      fails 'and the password not shown' grep -q "$1" "$out"
    else
      cat "$block" >>"$work/commands"
    fi
  done
}

# items POD SECTIONS: the items of sections as plain text.
items() {
  awk -v sections="^($2)\$" '/^=head1 / { inside = substr($0, 8) ~ sections } inside && sub(/^=item /, "")' "$1" |
    sed 's/[A-Z]<\([^>]*\)>/\1/g'
}

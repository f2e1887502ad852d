#!/bin/sh
# SPDX-License-Identifier: MIT
# A store in a directory: a program for Blockstore, see blockstore-exec(7).
umask 077
say() { printf '%s\n' "$*" >&3; }
end() { say "done id=$id status=$1${2:+ error=$2}"; }
# What is not there is absent only where the store is there.
absent() { [ -d "$root/new" ] && end "$1" || end failed It%20is%20gone.; }
get() {
  [ -f "$root/$name" ] || { absent not_found; return; }
  { say "data id=$id size=$(wc -c </dev/fd/4)" && cat <&4 >&3; } \
    4<"$root/$name" && end ok || exit
}
put() { # under another name until it is whole
  new=$root/new/$$-$id offset=0
  true >"$new" || { end failed It%20cannot%20be%20written.; return; }
  while [ "$offset" -lt "$size" ]; do
    say "read id=$id offset=$offset size=1048576"
    read -r word _ part <&3 || exit
    [ "$word" = data ] || { rm -f "$new"; end cancelled; return; }
    part=${part#size=} offset=$((offset + ${part#size=}))
    dd bs="$part" count=1 iflag=fullblock status=none <&3 >>"$new" || exit
  done
  mv -f "$new" "$root/$name" && end ok || end failed It%20is%20stuck.
}
own() { # Is it a URL that make_mutable_url made?
  hex=${url##*[!0-9a-f]} name=mutable/${url##*[!0-9a-f]}
  [ ${#hex} = 64 ] && [ "$url" = "exec:$root/$name" ] || ! end unhandled_url
}
init() { # a root with letters that are not plain is too much for a script
  case $version,${root-} in
    1,/*[!A-Za-z0-9._~/:+,@-]*) end failed root%20is%20too%20odd. ;;
    1,/*) mkdir -p "$root/immutable" "$root/mutable" "$root/new" &&
      find "$root/new" -type f -mtime +0 -exec rm -f {} + && end ok ||
      end failed root%20cannot%20be%20made. ;;
    *) end failed Version%201%20and%20a%20path%20root%20are%20wanted. ;;
  esac
}
while read -r word line <&3; do
  for item in $line; do # nothing in it means more to a shell
    case $item in
      data_id=*) name=$(printf %s "${item#*=}" | sha256sum) || exit
        name=mutable/${name%% *} ;;
      key=*) name=immutable/${item#*=} ;;
      option.root=*) root=${item#*=} ;;
      id=* | size=* | url=* | version=*) eval "${item%%=*}=\${item#*=}" ;;
    esac
  done
  case $word in
    storage_init) init ;;
    handles_url) own && end ok ;;
    make_mutable_url) url=exec:$root/$name
      say "data id=$id size=${#url}" && printf %s "$url" >&3 && end ok ;;
    get_immutable_handler) get ;;
    get_mutable_handler) own && get ;;
    put_*) put ;;
    delete_*) rm -f "$root/$name" && absent ok || end failed It%20stays. ;;
    cancel) ;; *) end unsupported ;; # what is cancelled is over already
  esac
done

# To be sourced: other servers than the one that is installed, each in a folder below build/servers, run by the loader and with the
# libraries of the Debian release that it comes from.
#
# A test starts `redis-server` from the PATH: with build/servers/<name>/bin at its head, that is a script which becomes the other
# server (exec: its process id and what was asked of the kernel for it stay). The program finds out what it is from the name it
# was called by, so the links that lead to it are not resolved.
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

# A line: name, program, the version's beginning, the releases of Debian that may have it ("A+B": the two together).
server_table='
redis-6.0   redis-server   6.0  bullseye
redis-7.0   redis-server   7.0  bookworm
redis-8.0   redis-server   8.0  trixie sid
redis-sid   redis-server   8    sid
valkey-8.0  valkey-server  8.0  bookworm+bookworm-backports
valkey-8    valkey-server  8    trixie bookworm+bookworm-backports
valkey-9    valkey-server  9    sid
'

# server_bin NAME: the folder for the PATH.
server_bin() { echo "$root/build/servers/$1/bin"; }

# server_version NAME: what the server in the folder of that name says it is, or nothing.
server_version() {
  local program
  program=$(server_bin "$1")/redis-server
  [[ ! -x $program ]] || "$program" --version 2>/dev/null | sed -nE 's/.*v=([0-9.]+).*/\1/p'
}

# provide_server NAME: fetches it, unless it is there and runs.
provide_server() {
  local program prefix releases release present
  read -r _ program prefix releases < <(grep -E "^${1//./[.]} " <<<"$server_table") || {
    echo "No server is called $1; there are:" "$(awk '{ printf " %s", $1 }' <<<"$server_table")" >&2
    return 1
  }
  present=$(server_version "$1")
  [[ $present != "$prefix"* ]] || return 0
  for release in $releases; do
    if fetch_server "$1" "$program" "$prefix" "$release"; then return 0; fi
  done
  echo "The server $1 ($program $prefix, from Debian's $releases) could not be provided." >&2
  return 1
}

fetch_server() { # NAME PROGRAM VERSION RELEASE
  local folder=$root/build/servers/$1 packages offered
  debian_update "$4" || return 1
  offered=$(debian_version "$4" "$2")
  [[ $offered == "$3"* ]] || { echo "Debian's $4 has $2 ${offered:-not at all}, wanted is $3." >&2 && return 1; }
  mapfile -t packages < <(debian_libraries "$4" "$2")
  rm -rf "$folder"
  debian_unpack "$4" "$folder/system" "${packages[@]}" || return 1
  wrap_server "$folder" "$2" || return 1
  [[ $(server_version "$1") == "$3"* ]] || { echo "$1 does not run: $("$folder/bin/redis-server" --version 2>&1)" >&2 && return 1; }
}

# The libraries lie in /lib or in /usr/lib, which are folders of their own here, with newer releases one of them.
wrap_server() { # FOLDER PROGRAM
  local loader
  loader=$(cd "$1" && find system -name 'ld-linux*.so.*' | sort | head -n 1)
  [[ -n $loader ]] || { echo "no loader among the packages of $2" >&2 && return 1; }
  mkdir -p "$1/bin"
  cat >"$1/bin/redis-server" <<END
#!/bin/sh
here=\${0%/*}/..
for folder in "\$here"/system/lib/*-linux-* "\$here"/system/usr/lib/*-linux-*; do libraries=\${libraries:+\$libraries:}\$folder; done
exec "\$here/$loader" --library-path "\$libraries" "\$here/system/usr/bin/$2" "\$@"
END
  chmod +x "$1/bin/redis-server"
}

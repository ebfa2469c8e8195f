# To be sourced: where the tree is, what must be installed, how it is built.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
jobs=${DRL_JOBS:-$(nproc)}
unset LIBRARY_PATH # some machines name a folder of empty libraries there, which the linker would prefer

# need GROUP...: returns when all packages of these groups are there, installing them on Debian, or ends the script.
need() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} > 0)) && can_install; then
    echo "Installing: ${missing[*]}"
    install_packages "${missing[@]}"
    mapfile -t missing < <(missing_packages "$@")
  fi
  ((${#missing[@]} > 0)) || return 0
  echo "Missing on this machine (names of Debian's packages): ${missing[*]}
Install them; or run this again as root or with sudo on Debian 12, and it does.
How each of them is looked for is in scripts/packages.txt." >&2
  exit 1
}

missing_packages() {
  local group package proof
  while read -r group package proof; do
    [[ " $* " == *" $group "* ]] || continue
    bash -c "$proof" >/dev/null 2>&1 || echo "$package"
  done <"$root/scripts/packages.txt"
}

can_install() {
  [[ -e /etc/debian_version ]] && command -v apt-get >/dev/null && { [[ $(id -u) == 0 ]] || command -v sudo >/dev/null; }
}

install_packages() {
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

# build PRESET [-DNAME=VALUE...] [-- TARGET...]: configures and builds build/PRESET.
build() {
  local preset=$1 settings=() targets=()
  shift
  while (($# > 0)) && [[ $1 != -- ]]; do settings+=("$1") && shift; done
  if (($# > 1)); then targets=(--target "${@:2}"); fi
  (cd "$root" && cmake --preset "$preset" "${settings[@]}" &&
    cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}")
}

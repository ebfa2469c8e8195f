# To be sourced: libdrl where Go finds it.
#
# The prefix is the same each time, and the headers' sum is among the flags: Go's cache of built packages knows neither what pkg-config
# said nor what the headers of other projects hold.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
go_prefix=$root/build/go/prefix

# install_for_go PRESET: builds libdrl and installs it into the prefix.
install_for_go() {
  build "$1" -- drl drl_static
  rm -rf "$go_prefix"
  cmake --install "$root/build/$1" --prefix "$go_prefix"
}

# use_for_go: sets the environment; Debian's Go is used where it is installed, and no other is fetched.
use_for_go() {
  local libdir
  libdir=$(dirname "$(find "$go_prefix" -name libdrl.a)")
  if [[ -x /usr/bin/go ]]; then go=/usr/bin/go; else go=go; fi
  export go PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir
  export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOCACHE=$root/build/go/cache GOWORK=off CGO_ENABLED=1
  CGO_CFLAGS="-O2 -g -DDRL_HEADERS=$(cat "$go_prefix"/include/drl/*.h | cksum | cut -d ' ' -f 1)"
  export CGO_CFLAGS
}

# To be sourced: packages of other releases of Debian, unpacked into folders of their own. Nothing is installed, and apt's own
# files stay as they are: it runs here with sources, lists and a state of our making, on the mirrors that it knows already.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
debian_home=$root/build/debian

# debian_mirrors: those in this machine's sources of packages, whichever format those have, that serve its own release.
debian_mirrors() {
  command -v apt-get >/dev/null || return 0
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v own="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" '
      ($1 == own || $1 ~ /^(old)*stable$/) && $2 == "main" && !seen[$3]++ { print $3 }'
}

# debian_apt RELEASE TOOL ARGUMENT...: apt-get or apt-cache, as if nothing were installed and this release were all there is.
debian_apt() {
  local home=$debian_home/$1 tool=$2
  shift 2
  "$tool" -o Dir::Etc::sourcelist="$home/sources.list" -o Dir::Etc::sourceparts="$home/none" -o Dir::Etc::preferences="$home/none" \
    -o Dir::Etc::preferencesparts="$home/none" -o Dir::State="$home" -o Dir::State::lists="$home/lists" \
    -o Dir::State::status=/dev/null -o Dir::Cache="$home/cache" -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::Retries=2 "$@"
}

# debian_update RELEASE: reads what the release holds, from the first mirror that has it. "A+B" is the two releases together.
debian_update() {
  local home=$debian_home/$1 keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror mirrors suite
  mkdir -p "$home/lists/partial" "$home/cache/archives/partial" "$home/none"
  mapfile -t mirrors < <(debian_mirrors)
  for mirror in "${mirrors[@]}"; do
    for suite in ${1//+/ }; do echo "deb [signed-by=$keys] $mirror $suite main"; done >"$home/sources.list"
    if debian_apt "$1" apt-get update -qq --error-on=any; then return 0; fi
  done
  echo "Debian's release $1 is on none of the mirrors in this machine's sources of packages (${mirrors[*]:-none found})." >&2
  return 1
}

# debian_version RELEASE PACKAGE: the version, without epoch and revision, or nothing when the release does not have it.
debian_version() {
  debian_apt "$1" apt-cache policy "$2" | sed -nE 's/^ *Candidate: ([0-9]+:)?([0-9][^-+~]*).*/\2/p'
}

# debian_unpack RELEASE FOLDER PACKAGE...: downloads these packages and unpacks them.
debian_unpack() {
  local release=$1 folder=$2 downloads package
  shift 2
  downloads=$(mktemp -d)
  (cd "$downloads" && debian_apt "$release" apt-get download -qq "$@") || { rm -rf "$downloads" && return 1; }
  mkdir -p "$folder"
  for package in "$downloads"/*.deb; do dpkg-deb --extract "$package" "$folder"; done
  rm -rf "$downloads"
}

# debian_libraries RELEASE PACKAGE: the package and the libraries that it needs, however indirectly. What else an installation would
# pull in (users, services, configuration) is of no use in a folder.
debian_libraries() {
  debian_apt "$1" apt-get install --no-install-recommends --print-uris -qq "$2" >"$debian_home/$1/needed" || return 1
  sed -nE "s/^'[^']*' ([^_]*)_.*/\1/p" "$debian_home/$1/needed" | grep -E "^(lib|zlib|lua|openssl)|^$2\$|-tools\$"
}

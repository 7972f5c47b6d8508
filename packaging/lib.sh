# Shared by the scripts that a person starts: plain words, numbered steps, packages. Sourced by bash with `set -eu`.
# Output is plain text without a terminal, and nothing here reads standard input or needs HOME.

# Where the sources are, whatever directory we were called from.
POSTERN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

STEP_NUMBER=0
STEP_STARTED=$SECONDS
STEPS=${STEPS:-}   # set it to the number of steps to see "3/7" instead of "3"

# say TEXT…: one line for the reader.
say() { printf '%s\n' "$*"; }

# die TEXT…: one line that says what is wrong and what to do about it, then the end.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# step TEXT…: starts the next numbered step; shows the time since the start.
step() {
  STEP_NUMBER=$((STEP_NUMBER + 1))
  printf '[%s%s] %d:%02d  %s\n' "$STEP_NUMBER" "${STEPS:+/$STEPS}" \
    $(((SECONDS - STEP_STARTED) / 60)) $(((SECONDS - STEP_STARTED) % 60)) "$*"
}

# packages_for LIST: the names that packaging/packages has for that list, one a line.
packages_for() {
  sed -n "s/^$1 //p" "$POSTERN_ROOT/packaging/packages" | tr ' ' '\n'
}

# missing_packages NAME…: those of the names that are not installed.
missing_packages() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
  done
}

# need_packages LIST…: installs what is missing of these lists (build, test). Calls apt only if something is, and
# needs root or sudo only then.
need_packages() {
  local list names=() missing sudo=()
  command -v dpkg-query >/dev/null || die "this is not Debian: install what packaging/packages lists, then try again"
  for list in "$@"; do mapfile -t -O "${#names[@]}" names < <(packages_for "$list"); done
  [ "${#names[@]}" -gt 0 ] || die "packaging/packages has no list named $*"
  mapfile -t missing < <(missing_packages "${names[@]}")
  if [ "${#missing[@]}" -eq 0 ]; then
    say "all ${#names[@]} packages are installed"
    return
  fi
  say "installing ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "run this as root, or first: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  apt_quietly update
  apt_quietly install -y --no-install-recommends "${missing[@]}"
}

# apt-get, silent unless it fails. Uses `sudo` of need_packages.
apt_quietly() {
  local report
  report=$("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" 2>&1 </dev/null) && return
  printf '%s\n' "$report" | tail -20 >&2
  die "apt-get $1 failed: see the lines above"
}

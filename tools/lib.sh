# Shared by the scripts in this folder: `source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"`.
# shellcheck shell=bash

# The root of the checkout.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }

# fail STATUS MESSAGE...
fail() {
  local status="$1"
  shift
  printf 'error: %s\n' "$*" >&2
  exit "$status"
}

# usage_of FILE: the comment at the top of a script, as its help.
usage_of() { awk 'NR == 1 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$1"; }

# Folder of a release build's products.
products() { swift build --package-path "$root" -c release --show-bin-path; }

# By default, use a folder of data sets next to the checkout.
use_shared_data() {
  local shared="$root/../shared/data"
  if [ -z "${FACSIMILE_DATA:-}" ] && [ -d "$shared" ]; then
    FACSIMILE_DATA="$(cd "$shared" && pwd -P)"
    export FACSIMILE_DATA
  fi
}

# `facsimile --version` names the commit it was built from.
FACSIMILE_COMMIT="$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)"
export FACSIMILE_COMMIT

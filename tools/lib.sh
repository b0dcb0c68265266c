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

# A build for trying out and for tests, in half the time of a release build: modules that compute are optimised all the
# same (Package.swift), there is no debug information, and each module is compiled as a whole.
quick=(-c debug -debug-info-format none -Xswiftc -wmo -Xswiftc -num-threads -Xswiftc 2 -Xswiftc -disable-batch-mode)

# products [BUILD OPTIONS]: the folder of a build's products, by default of a release build.
products() {
  [ $# -gt 0 ] || set -- -c release
  swift build --package-path "$root" "$@" --show-bin-path
}

# release_program: the program, as a release build unless FACSIMILE_BINARY names one.
release_program() {
  if [ -z "${FACSIMILE_BINARY:-}" ]; then
    swift build --package-path "$root" -c release --product facsimile >&2 || return
    FACSIMILE_BINARY="$(products)/facsimile"
  fi
  printf '%s\n' "$FACSIMILE_BINARY"
}

# By default, use a folder of data sets next to the checkout.
use_shared_data() {
  local shared="$root/../shared/data"
  if [ -z "${FACSIMILE_DATA:-}" ] && [ -d "$shared" ]; then
    FACSIMILE_DATA="$(cd "$shared" && pwd -P)"
    export FACSIMILE_DATA
  fi
}

# Call before measuring anything.
warn_if_busy() {
  local load
  load="$(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo 0)"
  if awk -v load="$load" 'BEGIN { exit !(load > 0.5) }'; then
    warn "this machine is busy (load $load): figures will be low, and PyTorch with several threads lowest"
  fi
}

# field NAME OBJECT: a value from a JSON object.
field() { sed -nE "s/.*\"$1\" *: *(\"([^\"]*)\"|([a-z0-9]+)).*/\2\3/p" <<<"$2" | head -n 1; }

# make_images FOLDER: MNIST's files with 1,000 and 200 images, the same on every machine.
make_images() {
  local split count
  mkdir -p "$1"
  for split in train:1000 t10k:200; do
    count="${split#*:}"
    perl -e 'my $n = shift; print pack("N4", 0x803, $n, 28, 28); my $x = 7;
      for (1 .. $n * 784) { $x = ($x * 1103515245 + 12345) & 0x7fffffff; print chr(($x >> 16) & 255) }' \
      "$count" >"$1/${split%:*}-images-idx3-ubyte"
    perl -e 'my $n = shift; print pack("N2", 0x801, $n); print chr($_ % 10) for 1 .. $n' \
      "$count" >"$1/${split%:*}-labels-idx1-ubyte"
  done
}

# same_runs FOLDER DEVICE MODELS PROGRAM...: trains one epoch of each model on the CPU backend and on the device, from
# FOLDER/made-up, and compares the states.
same_runs() {
  local folder="$1" device="$2" models="$3" model status=0 on run hashes
  shift 3
  for model in $models; do
    hashes=()
    for on in cpu "$device"; do
      run="$folder/run-$model-${on//[:.]/-}"
      rm -rf "$run"
      "$@" train "$model" --data "$folder/made-up" --unverified-data --device "$on" --epochs 1 --batch-size 237 \
        --seed 77 --out "$run" >"$folder/train.log" 2>&1 || tail -n 3 "$folder/train.log"
      hashes+=("$(field state_sha256 "$(cat "$run/manifest.json" 2>/dev/null)")")
    done
    if [ -n "${hashes[0]}" ] && [ "${hashes[0]}" = "${hashes[1]}" ]; then
      say "$model: equal, ${hashes[0]}"
    else
      say "$model: ${hashes[0]:-no run} on the CPU, ${hashes[1]:-no run} on $device" && status=1
    fi
  done
  return "$status"
}

# `facsimile --version` names the commit it was built from.
FACSIMILE_COMMIT="$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)"
export FACSIMILE_COMMIT

# Part of tools/try-cluster: stops and kills of jobs with any number of processes on all devices, on this machine.
# shellcheck shell=bash

# Ranks of a job, given its launcher's process.
ranks() {
  local child
  for child in $(pgrep -P "$1"); do
    [ "$(cat "/proc/$child/comm" 2>/dev/null)" != facsimile ] || echo "$child"
    ranks "$child"
  done
}

# part_of_run KIND DEVICES COUNT SIGNAL ARGUMENT…: trains with COUNT processes until one more epoch is done, sends the
# signal to some rank, and waits for the end. Sets `took` to the duration of that.
part_of_run() {
  local kind="$1" devices=() count="$3" signal="$4" command=(mpirun."$1") rank began victim launcher
  read -ra devices <<<"$2"
  shift 4
  for ((rank = 0; rank < count; rank++)); do
    [ "$rank" -eq 0 ] || command+=(:)
    command+=(-n 1 facsimile train "$@" --distributed mpi --device "${devices[rank % ${#devices[@]}]}")
    [ "${devices[rank % ${#devices[@]}]}" != cpu ] || command+=(--threads 1)
  done
  rm -f "$folder/part.log"
  "${command[@]}" >"$folder/part.log" 2>"$folder/part.err" &
  launcher=$!
  processes=("$launcher")
  seconds=240 until_true grep -q '^epoch ' "$folder/part.log" || { tail -n 5 "$folder/part.err" && kill "$launcher"; }
  victim="$(ranks "$launcher" | shuf -n 1)"
  began="$(date +%s%N)"
  [ -z "$victim" ] || kill -s "$signal" "$victim"
  wait "$launcher" 2>/dev/null
  took=$((($(date +%s%N) - began) / 1000000))
}

try_mpi() {
  needs mpirun.openmpi mpirun.mpich pgrep shuf
  local model kind name devices all count signal what longest epochs row rows run text launcher
  all="$(facsimile devices --json 2>/dev/null | sed -nE 's/.*"identifier" *: *"([^"]+)".*/\1/p' | tr '\n' ' ')"
  [[ "$all" == *opencl:* ]] || fail 3 "no OpenCL device is here"
  printf '%s\n' "mpi: devices $all" "| model | devices | MPI | epochs | a killed job ended after | state of the last |" "|---|---|---|---|---|---|"
  for model in conv-autoencoder denoising-autoencoder classifier vae conv-vae; do
    rows=() longest=1
    for kind in openmpi mpich; do
      for name in $all mixed; do
        devices="$name"
        [ "$name" != mixed ] || devices="$all"
        what=("$model" --data "$folder/images" --unverified-data --epochs 100000 --batch-size 120 --set shards=8)
        run="$folder/$model-$kind-${name//:/-}"
        what+=(--out "$run")
        took=0 row=0
        for count in 1:TERM 2:KILL 3:TERM 5:KILL 8:TERM; do
          signal="${count#*:}"
          part_of_run "$kind" "$devices" "${count%:*}" "$signal" "${what[@]}"
          [ "$signal" != KILL ] || [ "$took" -le "$row" ] || row="$took"
          what=(--resume "$run")
        done
        epochs="$(states "$run" | wc -l)"
        [ "$epochs" -le "$longest" ] || longest="$epochs"
        rows+=("$name $kind $epochs $row $run")
      done
    done
    facsimile train "$model" --data "$folder/images" --unverified-data --epochs 100000 --batch-size 120 --set shards=8 \
      --out "$folder/$model-plain" >"$folder/plain.log" 2>&1 &
    launcher=$!
    processes=("$launcher")
    seconds=300 until_true eval "[ \"\$(states '$folder/$model-plain' | wc -l)\" -ge $longest ]"
    kill "$launcher" && wait "$launcher"
    for row in "${rows[@]}"; do
      read -r name kind epochs took run <<<"$row"
      text="equal, $(last "$run")"
      if [ "$epochs" -lt 5 ] || ! cmp -s <(states "$run") <(states "$folder/$model-plain" | head -n "$epochs"); then
        text="wrong, $(last "$run")" status=1
      fi
      say "| $model | $name | $kind | $epochs | $took ms | $text |"
    done
  done
}

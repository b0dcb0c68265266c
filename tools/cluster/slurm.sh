# Part of tools/try-cluster: a private Slurm, and the batch scripts of docs/cluster.md.
# shellcheck shell=bash

# script NAME: the batch script of docs/cluster.md with that job name, with data of this machine.
script() {
  awk -v name="--job-name=$1 " '/^```/ { if (found) printf "%s", text; text = ""; found = 0; next }
    { text = text $0 "\n"; if (index($0, name)) found = 1 }' "$root/docs/cluster.md" \
    | sed -e 's/--data mnist/--data images --unverified-data/' -e "s|postgresql://[^ ]*|$storage|" \
      -e "s/--set shards=8/--set shards=8 hidden=64/"
}

start_slurm() {
  local home="$folder/slurm"
  mkdir -p "$home/state" "$home/spool" && chmod 711 "$folder" "$home"
  head -c 1024 /dev/urandom >"$home/munge.key" && chmod 400 "$home/munge.key"
  munged --foreground --force --key-file="$home/munge.key" --socket="$home/munge.socket" --pid-file="$home/munge.pid" \
    --seed-file="$home/munge.seed" --log-file="$home/munge.log" >/dev/null 2>&1 &
  processes+=($!)
  until_true test -S "$home/munge.socket" || fail 1 "munge did not start"
  cat >"$home/slurm.conf" <<CONF
ClusterName=facsimile
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
SlurmctldPort=36817
SlurmdPort=36818
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CredType=cred/munge
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MailProg=/bin/true
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=8
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE
CONF
  export SLURM_CONF="$home/slurm.conf"
  slurmctld -D >/dev/null 2>&1 &
  processes+=($!)
  slurmd -D >/dev/null 2>&1 &
  processes+=($!)
  until_true eval 'sinfo -h -o %t | grep -q idle' || fail 1 "Slurm did not start: $(tail -n 3 "$home"/*.log)"
}

# job FOLDER SCRIPT [OPTION ...]: submits a script; prints the job's number.
job() {
  mkdir -p "$1" && ln -sfn "$folder/images" "$1/images" && cp "$folder/space.yaml" "$1" && cat >"$1/job.sh"
  (cd "$1" && sbatch --parsable --output=out-%a.txt "${@:2}" job.sh)
}
state() { scontrol show job "$1" 2>/dev/null | sed -nE 's/.*JobState=([A-Z]+).*/\1/p' | sort -u; }
is_over() {
  local now
  now="$(state "$1")"
  # Slurm would delay a requeued job by two minutes.
  [[ "$now" != *PENDING* ]] || scontrol update JobId="$1" StartTime=now
  [[ -n "$now" && ! "$now" =~ PENDING|RUNNING|COMPLETING|REQUEUE ]]
}

try_slurm() {
  needs mpirun.openmpi mpirun.mpich munged slurmctld slurmd sbatch
  local place="$folder/slurm/jobs" number began epochs kind stops
  local small=(--data images --unverified-data --set shards=8 hidden=64)
  start_server 127.0.0.1
  start_slurm
  say "slurm: $(sbatch --version)"
  search_alone

  # An MPI job of four tasks, with either launcher.
  plain plain vae "${small[@]}" --epochs 2
  for kind in openmpi mpich; do
    number="$(script train | sed -e "s/^mpirun/mpirun.$kind/" -e 's/--out run/--out run --epochs 2/' \
      | job "$place/$kind" --time=5)"
    seconds=300 until_true is_over "$number" || status=1
    verdict "slurm: four tasks by $kind, job $number $(state "$number")" "$(last "$place/$kind/run")" "$(last "$folder/plain")"
    grep -h '^processes' "$place/$kind/"out-*.txt
  done

  # Started by Slurm itself.
  for kind in pmi2 pmix; do
    (cd "$folder" && srun --mpi="$kind" -n 2 facsimile train vae "${small[@]}" --threads 1 --epochs 2 --distributed mpi \
      --out "$kind" >"$kind.log" 2>&1) || tail -n 3 "$folder/$kind.log"
    verdict "slurm: two tasks by srun --mpi=$kind" "$(last "$folder/$kind")" "$(last "$folder/plain")"
    grep -h '^processes' "$folder/$kind.log"
  done

  # An array of search workers.
  number="$(script search | sed 's/--storage/--json --storage/' | job "$place/array" --array=0-3 --error=errors-%a.txt --cpus-per-task=2)"
  seconds=300 until_true is_over "$number" || status=1
  for kind in 0 1 2 3; do
    verdict "slurm: search worker $kind of the array, job $number $(state "$number")" \
      "$(table "$place/array/out-$kind.txt")" "$alone"
  done
  stop_server

  # A job limited to a minute, half of it reserved for stopping, that needs more: as many epochs as take a minute or more
  # (starting takes as long as many epochs).
  began=$SECONDS
  (cd "$folder" && mpirun.openmpi -n 2 facsimile train vae "${small[@]}" --out trial --epochs 20 --distributed mpi >/dev/null)
  epochs=$((3 * 60 * 20 / (SECONDS - began + 1) + 1))
  number="$(script train | sed -e "s/--out run/--out run --epochs $epochs/" -e 's/^mpirun/mpirun.openmpi/' \
    | job "$place/limit" --time=1 --signal=B:TERM@30 --ntasks=2)"
  plain long vae "${small[@]}" --threads 1 --epochs "$epochs"
  seconds=900 until_true is_over "$number" || status=1
  stops="$(grep -c 'resumes after' "$place/limit/"out-*.txt)"
  [ "$stops" -gt 0 ] || { say "slurm: no job came to its limit" && status=1; }
  verdict "slurm: $epochs epochs in jobs of a minute, $stops times stopped and resumed" \
    "$(last "$place/limit/run")" "$(last "$folder/long")"
}

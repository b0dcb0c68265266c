# Part of tools/try-cluster: two hosts, which are network namespaces with their own names and addresses.
# shellcheck shell=bash

hosts=(one two)
# Prefix of the namespaces' names.
prefix="facsimile-$$"

finish_hosts() {
  local host
  for host in "${hosts[@]}"; do
    # Ranks outlive a killed launcher.
    ip netns pids "$prefix-$host" 2>/dev/null | xargs -r kill -KILL 2>/dev/null
    ip netns del "$prefix-$host" 2>/dev/null
  done
}

# on HOST COMMAND…: runs it on one of the two, under the host's name.
on() {
  ip netns exec "$prefix-$1" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$@"
}

make_hosts() {
  local host number=1
  for host in "${hosts[@]}"; do
    { ip netns add "$prefix-$host" && ip -n "$prefix-$host" link set lo up && on "$host" true; } 2>/dev/null \
      || fail 4 "network namespaces are not to be had here (in a container: docker run --privileged)"
  done
  ip -n "$prefix-one" link add cable type veth peer name cable netns "$prefix-two" 2>/dev/null \
    || fail 4 "no virtual cables (veth) are to be had here"
  for host in "${hosts[@]}"; do
    ip -n "$prefix-$host" address add "10.77.36.$number/24" dev cable && ip -n "$prefix-$host" link set cable up
    number=$((number + 1))
  done
  # A substitute for ssh, for both launchers: options, the host, and a command line.
  cat >"$folder/bin/reach" <<SH
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
case "\$1" in 10.77.36.1 | one) host=one ;; *) host=two ;; esac
shift
exec ip netns exec "$prefix-\$host" unshare --uts sh -c 'hostname "\$0" && eval "\$@"' "\$host" "\$*"
SH
  chmod 755 "$folder/bin/reach"
}

# Megabytes received over the cable so far.
received() { ip netns exec "$prefix-two" awk -F '[: ]+' '/cable/ { print int($3 / 1e6) }' /proc/net/dev; }

# job_of KIND ARGUMENT…: two ranks on each host train; their output is in $folder/job.log. A job that hangs is killed.
job_of() {
  local launcher=(mpirun.openmpi --quiet --mca plm_rsh_agent reach --mca btl "tcp,self" --host "10.77.36.1:2,10.77.36.2:2")
  [ "$1" = openmpi ] \
    || launcher=(mpirun.mpich -launcher ssh -launcher-exec "$folder/bin/reach" -hosts "10.77.36.1:2,10.77.36.2:2")
  shift
  # Otherwise MPICH's UCX would detect that both are one machine.
  (cd "$folder" && UCX_TLS=tcp,self on one timeout -k 2 120 "${launcher[@]}" -n 4 facsimile train conv-vae \
    --unverified-data --threads 1 --set shards=8 --epochs 2 --distributed mpi "$@" >job.log 2>&1 </dev/null)
}

try_hosts() {
  needs ip unshare hostname mpirun.openmpi mpirun.mpich
  make_hosts
  local kind number before host place each workers=()
  plain plain-hosts conv-vae --data images --unverified-data --threads 1 --set shards=8 --epochs 2
  for kind in openmpi mpich; do
    # Three times: ranks that end at the same time may race.
    for number in 1 2 3; do
      before="$(received)"
      job_of "$kind" --data images --out "$kind-$number" || { tail -n 3 "$folder/job.log" && status=1; }
      verdict "hosts: two ranks on each by $kind, $(($(received) - before)) MB received by one of them" \
        "$(last "$folder/$kind-$number")" "$(last "$folder/plain-hosts")"
    done
    job_of "$kind" --data nowhere --out none
    verdict "hosts: a job by $kind that ends by an error" "status $? and $(grep -c '^error: ' "$folder/job.log") line" \
      "status 2 and 1 line"
  done

  search_alone
  start_server 10.77.36.1 on one
  for host in one two two; do
    place="$folder/worker-${#workers[@]}-on-$host"
    mkdir "$place" && ln -s "$folder/images" "$folder/space.yaml" "$place"
    (cd "$place" && exec ip netns exec "$prefix-$host" facsimile search space.yaml --data images --unverified-data \
      --threads 1 --storage "$storage" --json >table.json 2>log) &
    workers+=("$place:$!")
  done
  for each in "${workers[@]}"; do
    wait "${each##*:}"
    place="${each%:*}"
    verdict "hosts: search ${place##*/}" "$(table "$place/table.json")" "$alone"
  done
  stop_server
}

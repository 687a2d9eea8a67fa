#!/bin/sh
# Many probes by one exec: this script is in every client pod (ConfigMap), for the shells of busybox, dash and bash.
#
#   probe.sh LANES 'ID KIND ARGUMENT...'...
#
# One line a probe, as they end, and one at the end of all, so that a cut answer shows:
#   probe ID EXIT-CODE WHAT IT WROTE, ON ONE LINE
#   probes COUNT
# The exit code is that of the program which probed (curl 28: no answer in time); 126 and 127: it could not be run.
set -f
lanes=$1
shift

ask() { curl -ksS --connect-timeout 2 --max-time 6 "$@"; }

try_http() { ask -o /dev/null -w '%{http_code} from %{remote_ip}' "$@"; }
try_get() { ask -w ' %{http_code}' "$1"; }
try_ping() { ping -c 1 -W 2 "$1"; }
try_dig() { dig +short +search +time=2 +tries=1 "+$2" "@$1" "$3" "$4"; }
try_resolve() { dig +short +search +time=2 +tries=2 "$1" A; }
try_lookup() { nslookup -timeout=2 "$1"; }

# COUNT URL: one connection a request, one after the other.
try_many() {
  codes=$(curl -s --fail-early -o /dev/null -H 'Connection: close' --connect-timeout 2 --max-time 20 -w '%{http_code} ' "$2?n=[1-$1]")
  count_good "$1" $?
}
# COUNT URL: all at once.
try_burst() {
  command -v curl >/dev/null || return 127
  codes=$(
    i=0
    while [ "$i" -lt "$1" ]; do
      ask -o /dev/null -w '%{http_code} ' "$2" 2>/dev/null &
      i=$((i + 1))
    done
    wait
  )
  count_good "$1" 28
}
# WANTED CODE: ends with CODE where an answer is missing.
count_good() {
  good=0
  for code in $codes; do
    if [ "$code" = 200 ]; then good=$((good + 1)); fi
  done
  echo "$good of $1 answered"
  if [ "$good" -eq "$1" ]; then return 0; fi
  case $2 in 0) return 22 ;; *) return "$2" ;; esac
}

# SERVER ADDRESS SIZE: the server sends SIZE bytes by UDP to the one at ADDRESS, which sends them back (2,043 at most).
try_udp() {
  data=x
  while [ ${#data} -lt "$3" ]; do data=$data$data; done
  data=$(printf "%.$3s" "$data")
  answer=$(ask "http://$1:8080/dial?protocol=udp&host=$2&port=8081&tries=1&request=echo%20$data")
  if [ $? -ne 0 ]; then
    echo "the server on this node, which is to send, does not answer: $answer"
    return 126
  fi
  case $answer in
    *'"responses"'*) ;;
    *)
      printf '%.200s' "$answer"
      return 28
      ;;
  esac
  wanted=$3
  if [ "$wanted" -gt 2000 ]; then wanted=2000; fi
  echo "${#answer} bytes came back"
  [ ${#answer} -gt "$wanted" ] || return 18
}

# ADDRESS: what this pod's route allows fits, a byte more does not.
try_mtu() {
  case $1 in *:*) set -- "$1" "$(ip -6 route show default)" 48 ;; *) set -- "$1" "$(ip route show default)" 28 ;; esac
  mtu=$(cat /sys/class/net/eth0/mtu) || return 127
  case $2 in *' mtu '*)
    mtu=${2##* mtu }
    mtu=${mtu%% *}
    ;;
  esac
  echo "mtu $mtu"
  tries=0
  until ping -c 1 -W 2 -M do -s $((mtu - $3)) "$1"; do
    code=$?
    tries=$((tries + 1))
    if [ "$tries" -lt 2 ]; then continue; fi
    if [ "$code" -ge 126 ]; then return "$code"; fi
    # Only of its size? What is small has to get through.
    ping -c 1 -W 2 "$1" >/dev/null 2>&1 || return 28
    return 10
  done
  if ping -c 1 -W 1 -M do -s $((mtu - $3 + 1)) "$1"; then return 11; fi
  return 0
}

# ADDRESS BYTES: sends BYTES to the server, and has it say what it got.
try_upload() {
  size=$2
  file=/tmp/payload.$id
  yes 'tales probes what a large payload becomes on its way' | head -c "$size" >"$file" || return 127
  answer=$(curl -sS --connect-timeout 2 --max-time 20 -F "file=@$file" "http://$1:8080/upload")
  code=$?
  rm -f "$file"
  if [ "$code" -ne 0 ]; then
    printf '%s' "$answer"
    return "$code"
  fi
  path=${answer##*/uploads/}
  path=/uploads/${path%%\"*}
  ask --get --data-urlencode "cmd=sha256sum $path; rm -f $path" "http://$1:8080/shell"
}

# ADDRESS PORT TOKEN COUNT: datagrams, no answer awaited.
try_send() {
  command -v nc || return 127
  i=1
  while [ "$i" -le "$4" ]; do
    printf 'echo %s' "$3-$i" | nc -u -w 1 "$1" "$2" >/dev/null &
    i=$((i + 1))
    sleep 0.2
  done
  wait
  echo "sent $4"
}

# A watch has to be there before what it is to see, and go on behind it, however slow the machine is: it is begun by one
# exec, awaited by a second, and ended by a third.
#
# FILE TICKS PROCESS: until the watch of FILE is stopped, ends by itself, or its time is up; then it is ended.
until_stopped() {
  ticks=$2
  while [ "$ticks" -gt 0 ] && [ ! -e "$1.stop" ] && kill -0 "$3" 2>/dev/null; do
    sleep 0.2
    ticks=$((ticks - 1))
  done
  sleep 0.5
  kill "$3" 2>/dev/null
  wait "$3"
  if ! grep -q 'listening on' "$1.said"; then
    cat "$1.said"
    return 127
  fi
}

# TAG SECONDS FILTER...: until it is stopped, SECONDS at most; what of FILTER passes any device: "COUNT ADDRESS>PORT" by
# sender and port that was sent to.
try_watch() {
  file=/tmp/watch.$1
  limit=$(($2 * 5))
  shift 2
  tcpdump -l -nn -i any "$@" >"$file" 2>"$file.said" &
  until_stopped "$file" "$limit" $! || return
  echo "watched:"
  sed -n 's/.* IP \([0-9.]*\)\.[0-9]* > [0-9.]*\.\([0-9]*\): UDP.*/\1>\2/p' "$file" | sort | uniq -c
}
# TAG SECONDS NODE WORD POD...: a watch on the device towards NODE, an address: what it carries to or from it, or a POD:
# packets, their bytes, and how often WORD can be read in them.
try_wire() {
  file=/tmp/watch.$1
  limit=$(($2 * 5))
  way=$(ip route get "$3") || return 127
  device=${way##* dev }
  device=${device%% *}
  filter="host $3"
  word=$4
  shift 4
  for pod in "$@"; do filter="$filter or host $pod"; done
  tcpdump -U -s 0 -w "$file" -i "$device" $filter 2>"$file.said" &
  until_stopped "$file" "$limit" $! || return
  packets=$(sed -n 's/^\([0-9]*\) packets* captured.*/\1/p' "$file.said")
  bytes=$(wc -c <"$file")
  clear=$(grep -a -o "$word" "$file" | wc -l)
  rm -f "$file"
  echo "device $device packets ${packets:-0} bytes $bytes clear $clear"
}
try_await() {
  ticks=75
  until grep -q 'listening on' "/tmp/watch.$1.said" 2>/dev/null; do
    ticks=$((ticks - 1))
    if [ "$ticks" -eq 0 ]; then
      echo "no watch has begun after 15 s"
      return 126
    fi
    sleep 0.2
  done
}
try_stop() { : >"/tmp/watch.$1.stop"; }

one() {
  id=$1
  kind=$2
  shift 2
  text=$("try_$kind" "$@" 2>&1)
  code=$?
  # On one line, and short enough for a write that others do not cut in two.
  set -- $text
  printf 'probe %s %s %.3000s\n' "$id" "$code" "$*"
}

lane=0
while [ "$lane" -lt "$lanes" ]; do
  (
    number=0
    for line in "$@"; do
      if [ $((number % lanes)) -eq "$lane" ]; then one $line; fi
      number=$((number + 1))
    done
  ) &
  lane=$((lane + 1))
done
wait
echo "probes $#"

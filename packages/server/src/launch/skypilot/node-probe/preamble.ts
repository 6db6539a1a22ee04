/**
 * Stands before `run`. On the first node it chooses a port where none is named, and starts a probe
 * beside the job that asks the job's server whether it is ready. The probe is no child of the
 * script's shell, so a `wait` there does not wait for it, and it ends with that shell.
 *
 * The probe prints its reports into the job's log. Each begins with the two halves of the launch's
 * mark in the order opposite to that in the environment, so that neither this text nor a listing of
 * the environment can be taken for a report.
 */
export const PREAMBLE = String.raw`# Launchtail: a port for the server, and a probe that tells when it is ready.
# readiness {"from": "endpoint"} leaves both out.
if [ -z "${'$'}{PORT:-}" ]; then
  PORT=8000
  if [ "${'$'}{SKYPILOT_NODE_RANK:-0}" = 0 ]; then
    while grep -qi ":$(printf '%04X' "$PORT") [0-9A-F]*:[0-9A-F]* 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
      PORT=$((PORT + 1))
    done
  fi
  export PORT
fi
if [ "${'$'}{SKYPILOT_NODE_RANK:-0}" = 0 ]; then
  ( sh -s "$$" <<'LAUNCHTAIL_PROBE' & )
main() {
  job=$1 port=${'$'}{LAUNCHTAIL_PROBE_PORT:-$PORT} query='?launchtail-probe=1' before=
  unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
  for tool in curl python3 wget bash none; do command -v "$tool" >/dev/null 2>&1 && break; done
  [ "$tool" != none ] || return
  while pause; do look && return; done
}
say() { printf '\nlaunchtail %s%s %s\n' "${'$'}{LAUNCHTAIL_PROBE_MARK#* }" "${'$'}{LAUNCHTAIL_PROBE_MARK% *}" "$*"; }
# Says what is new.
news() { [ "$*" = "$before" ] || say "$@"; before=$*; }
alive() {
  read -r stat 2>/dev/null < "/proc/$job/stat" || { [ ! -d /proc/self ] && kill -0 "$job" 2>/dev/null; return; }
  case $stat in *') Z '*) return 1 ;; esac
}
# Two seconds from one request to the next; fails when the job is over.
pause() { sleep 1; alive || return 1; sleep 1; alive; }
# True once the server is ready: the first path that it has decides.
look() {
  codes=
  set -f
  set -- $LAUNCHTAIL_PROBE_PATHS
  set +f
  for path; do
    code=$(ask "$(asked)")
    case $code in
      4??)
        # A strict server may not know the path because of the query.
        pause || return 0
        plain=$(ask "$path")
        [ "$plain" = "$code" ] || query=
        code=$plain ;;
    esac
    case $code in
      2??) ready; return ;;
      404 | 405 | 501) codes="$codes $code" ;;
      [1345]??) codes=" $code"; break ;;
      *) return 1 ;;
    esac
    pause || return 0
  done
  news answers port="$port" codes="$(echo $codes | tr ' ' ,)"
  return 1
}
asked() {
  case $path in
    *'?'*) printf '%s' "$path${'$'}{query:+&launchtail-probe=1}" ;;
    *) printf '%s' "$path$query" ;;
  esac
}
ask() {
  case $tool in
    curl)
      headers | curl -q -s -o /dev/null -m "$LAUNCHTAIL_PROBE_WAIT" -w '%{http_code}' --noproxy '*' -A launchtail-probe \
        ${'$'}{LAUNCHTAIL_PROBE_BODY:+-H "Content-Type: application/json" --data-raw "$LAUNCHTAIL_PROBE_BODY"} \
        -K - "http://127.0.0.1:$port$1" 2>/dev/null ;;
    python3)
      python3 -c '
import http.client, os, sys
headers = {"User-Agent": "launchtail-probe", "Content-Type": "application/json"}
for line in os.environ.get("LAUNCHTAIL_PROBE_HEADERS", "").splitlines():
    name, _, value = line.partition(":")
    headers[name] = value.strip()
body = os.environ.get("LAUNCHTAIL_PROBE_BODY") or None
server = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=float(sys.argv[3]))
server.request("POST" if body else "GET", sys.argv[2], body, headers)
print(server.getresponse().status)' "$port" "$1" "$LAUNCHTAIL_PROBE_WAIT" </dev/null 2>/dev/null ;;
    wget)
      wget -S -O /dev/null -T "$LAUNCHTAIL_PROBE_WAIT" -t 1 -U launchtail-probe "http://127.0.0.1:$port$1" </dev/null 2>&1 |
        sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' | tail -n 1 ;;
    bash)
      bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
        printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\nUser-Agent: launchtail-probe\r\n\r\n" "$2" >&3
        read -r -t "$3" _ code _ <&3 && echo "$code"' bash "$port" "$1" "$LAUNCHTAIL_PROBE_WAIT" </dev/null 2>/dev/null ;;
  esac
}
headers() {
  printf '%s\n' "${'$'}{LAUNCHTAIL_PROBE_HEADERS:-}" | sed -e '/./!d' -e 's/[\\"]/\\&/g' -e 's/.*/header = "&"/'
}
# An answer is believed only where all that listens on the port belongs to this job: other people's
# jobs may run on the same machine.
ready() {
  listeners=$(grep -hi ":$(printf '%04X' "$port") [0-9A-F]*:[0-9A-F]* 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  if [ -n "$listeners" ] && ! belongs; then
    news taken port="$port" host="$(name)"
    return 1
  fi
  scope=all
  echo "$listeners" | grep -qvE '^ *[0-9]+: (0100007F|0{24}01000000):' || scope=loopback
  [ -n "$listeners" ] || scope=all
  say ready port="$port" path="$path" host="$(name)" listens="$scope" addresses="$(addresses)"
}
name() { hostname 2>/dev/null || cat /proc/sys/kernel/hostname; }
addresses() {
  echo ${'$'}{SKYPILOT_NODE_IPS:-} $(hostname -I 2>/dev/null || ip -o addr 2>/dev/null | sed -n 's/.* inet6* \([^/ ]*\).*/\1/p') |
    tr -s ' ' ,
}
belongs() {
  family
  sockets=" $(for pid in $pids; do ls -l "/proc/$pid/fd" 2>/dev/null; done | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p' | tr '\n' ' ')"
  for inode in $(echo "$listeners" | awk '{ print $10 }'); do
    case $sockets in
      *" $inode "*) ;;
      # A container's port is opened by its engine, which is nobody's child.
      *) [ -n "$engine" ] || return 1 ;;
    esac
  done
}
# The processes that have this job's mark in their environment, and whatever descends from them.
family() {
  pids=" $job $(grep -l "LAUNCHTAIL_PROBE_MARK=$LAUNCHTAIL_PROBE_MARK" /proc/[0-9]*/environ 2>/dev/null | sed 's/[^0-9]//g' | tr '\n' ' ')"
  engine= more=yes
  while [ -n "$more" ]; do
    more=
    for file in /proc/[0-9]*/stat; do
      read -r stat 2>/dev/null < "$file" || continue
      pid=${'$'}{stat%% *} rest=${'$'}{stat##*) }
      rest=${'$'}{rest#* } parent=${'$'}{rest%% *}
      case $pids in
        *" $pid "*) case $stat in *'(docker'* | *'(podman'* | *'(nerdctl'* | *'(apptainer'* | *'(singularity'* | *'(sudo)'*) engine=yes ;; esac ;;
        *) case $pids in *" $parent "*) pids="$pids$pid " more=yes ;; esac ;;
      esac
    done
  done
}
main "$1" </dev/null
LAUNCHTAIL_PROBE
fi
`

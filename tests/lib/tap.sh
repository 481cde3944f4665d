# Shell half of the tests: TAP lines, a scratch directory, a server of our own.
# Sourced by tests/gateway/*.sh and tests/conformance.sh; bash.
#
# SMBGATE   the program under test (default build/smbgate)
# ENGINE    auto, uring or plain: passed on to it

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SMBGATE=${SMBGATE:-$TOP/build/smbgate}
ENGINE=${ENGINE:-auto}
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/smbgate-test.XXXXXX")
chmod 755 "$SCRATCH"
TAP_COUNT=0
TAP_FAILED=0
GATE_PID=

tap_cleanup() {
	gate_stop >/dev/null 2>&1
	[ -n "${KEEP:-}" ] || rm -rf "$SCRATCH"
}
trap tap_cleanup EXIT

ok() { # NAME
	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - $*"
}

not_ok() { # NAME, why on stdin or nothing
	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_COUNT - $*"
}

skip() { # NAME REASON
	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - $1 # SKIP $2"
}

# check NAME COMMAND…: ok if the command says so; its output is shown if not.
check() {
	local name=$1
	shift
	if "$@" >"$SCRATCH/.out" 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		sed 's/^/#   /' "$SCRATCH/.out" | head -n 30
	fi
}

tap_done() {
	echo "1..$TAP_COUNT"
	[ "$TAP_FAILED" -eq 0 ]
}

free_port() { # below those that the kernel gives to whoever connects
	python3 -c 'import random, socket
while True:
    port = random.randrange(10000, 32000)
    try:
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break'
}

# gate_users: the two accounts that the tests log on with.
gate_users() {
	USERS=$SCRATCH/users
	printf 'Tester-1\n' | "$SMBGATE" user --file "$USERS" add tester --uid 20001 --stdin &&
		printf 'Tester-2\n' | "$SMBGATE" user --file "$USERS" add tester2 --uid 20002 --stdin
}

# gate_start [CONFIG]: the server of CONFIG (default: one share called share
# in $SCRATCH/tree), on $PORT; waits until it is ready.
gate_start() {
	local config=${1:-}
	PORT=${PORT:-$(free_port)}
	if [ -z "$config" ]; then
		gate_users || return 1
		mkdir -p "$SCRATCH/tree"
		chmod 777 "$SCRATCH/tree"
		config=$SCRATCH/smbgate.conf
		cat >"$config" <<-CONF
			server = {
			  listen = [ "127.0.0.1:$PORT" ];
			  signing = "${SIGNING:-desired}";
			  encryption = "${ENCRYPTION:-desired}";
			  state_dir = "$SCRATCH/state";
			};
			users_file = "$USERS";
			shares = (
			  { name = "share"; path = "$SCRATCH/tree"; ${SHARE_OPTIONS:-} }
			);
		CONF
		mkdir -p "$SCRATCH/state"
	fi
	rm -f "$SCRATCH/stdout" # the one before was ready, too
	"$SMBGATE" serve --config "$config" --engine "$ENGINE" \
		>"$SCRATCH/stdout" 2>>"$SCRATCH/log" &
	GATE_PID=$!
	for _ in $(seq 200); do
		grep -qs '^smbgate: ready' "$SCRATCH/stdout" && return 0
		kill -0 "$GATE_PID" 2>/dev/null || break
		sleep 0.05
	done
	echo "# the server did not start:"
	sed 's/^/#   /' "$SCRATCH/log" | tail -n 20
	return 1
}

# gate_stop: ends it with SIGTERM; its exit status.
gate_stop() {
	local status
	[ -n "$GATE_PID" ] || return 0
	kill -TERM "$GATE_PID" 2>/dev/null
	wait "$GATE_PID"
	status=$?
	GATE_PID=
	return $status
}

# smb COMMANDS [smbclient's options…]: on the share, as tester.
smb() {
	local commands=$1
	shift
	smbclient "//127.0.0.1/${SHARE:-share}" -p "$PORT" -U tester%Tester-1 \
		"$@" -c "$commands"
}

# gate_rss: the server's resident memory in KiB.
gate_rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$GATE_PID/status"
}

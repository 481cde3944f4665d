#!/usr/bin/env bash
# The command line and the configuration as a person meets them: exit codes,
# messages, start and end.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

# exits STATUS COMMAND…, its output stays in $SCRATCH/said
exits() {
	local want=$1 got
	shift
	timeout 20 "$@" >"$SCRATCH/said" 2>&1 </dev/null
	got=$?
	[ "$got" -eq "$want" ] || { echo "status $got, not $want"; cat "$SCRATCH/said"; return 1; }
}
said() { grep -qE -- "$1" "$SCRATCH/said" || { cat "$SCRATCH/said"; return 1; }; }

check "--version ends with 0" exits 0 "$SMBGATE" --version
check "… and names the engines" said 'io_uring|uring'
check "--help ends with 0" exits 0 "$SMBGATE" --help
check "… and fits one screen" test "$(wc -l <"$SCRATCH/said")" -le 40
check "a verb's --help" exits 0 "$SMBGATE" export --help
check "no verb is a usage error" exits 2 "$SMBGATE"
check "a misspelt verb is one" exits 2 "$SMBGATE" exprot /tmp
check "… with a suggestion" said 'export'
check "a misspelt option is one" exits 2 "$SMBGATE" export "$SCRATCH" --read-onyl
check "… with a suggestion" said '--read-only'
check "a directory that is not there" exits 3 "$SMBGATE" export "$SCRATCH/none" --listen 127.0.0.1:0
check "… is named" said "$SCRATCH/none"

gate_users
config() { # LINES: a configuration with a server on $PORT
	PORT=$(free_port)
	cat >"$SCRATCH/c.conf"
	sed -i "s/@PORT@/$PORT/; s,@USERS@,$USERS,; s,@DIR@,$SCRATCH/tree,; s,@STATE@,$SCRATCH," "$SCRATCH/c.conf"
}
mkdir -p "$SCRATCH/tree"
config <<'CONF'
server = {
  listen = [ "127.0.0.1:@PORT@" ];
  singing = "required";
};
CONF
check "an unknown key is a configuration error" exits 3 "$SMBGATE" check --config "$SCRATCH/c.conf"
check "… with file and line" said 'c\.conf:3'
check "… a caret" said '^ *\^'
check "… and a suggestion" said 'signing'
config <<'CONF'
server = {
  listen = [ "127.0.0.1:@PORT@" ];
};
users_file = "@USERS@";
shares = (
  { name = "share"; path = "@DIR@"; read_only = yes; }
);
CONF
check "yes is no boolean" exits 3 "$SMBGATE" check --config "$SCRATCH/c.conf"
check "… the line is told" said 'c\.conf:6'
check "… and what to write instead" said 'true'
config <<'CONF'
server = { listen = [ "127.0.0.1:@PORT@" ]; signing = "requird"; };
CONF
check "a wrong value is told with those that can be" exits 3 "$SMBGATE" check --config "$SCRATCH/c.conf"
check "… all of them" said 'required.*desired|desired.*required'
config <<'CONF'
server = { listen = [ "127.0.0.1:@PORT@" ]; state_dir = "@STATE@"; };
users_file = "@USERS@";
shares = ( { name = "share"; path = "@DIR@"; } );
CONF
check "a right configuration is checked with 0" exits 0 "$SMBGATE" check --config "$SCRATCH/c.conf"
chmod 644 "$USERS"
check "a users file that others can read is refused" exits 6 "$SMBGATE" serve --config "$SCRATCH/c.conf"
check "… with what to do" said 'chmod 600'
chmod 600 "$USERS"

python3 - "$PORT" <<'PY' &
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
for _ in range(30):
    try:
        s.bind(("127.0.0.1", int(sys.argv[1])))
        break
    except OSError:  # the kernel still cleans up after the last server
        time.sleep(0.1)
s.listen()
time.sleep(8)
PY
holder=$!
sleep 2
check "an address that is taken" exits 4 "$SMBGATE" serve --config "$SCRATCH/c.conf"
check "… is named" said "127.0.0.1:$PORT"
kill "$holder" 2>/dev/null
wait "$holder" 2>/dev/null

check "it starts and says so" gate_start "$SCRATCH/c.conf"
check "… on stdout, and nothing else there" diff <(echo 'smbgate: ready') "$SCRATCH/stdout"
check "SIGTERM ends it with 0" gate_stop
PORT=
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null &&
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 445 ]; then
	chmod 711 "$SCRATCH"
	check "port 445 without the right to it" exits 4 setpriv --reuid 65534 --regid 65534 \
		--clear-groups --bounding-set -all "$SMBGATE" export "$SCRATCH/tree" --user u
	check "… with the three ways out" said 'setcap'
	check "… another port among them" said '1445'
else
	skip "port 445 without the right to it" "needs root and a privileged port 445"
fi

# ---- accounts ----

F=$SCRATCH/accounts
user() { "$SMBGATE" user --file "$F" "$@"; }
check "user add" bash -c "printf 'secret\n' | '$SMBGATE' user --file '$F' add zoë --uid 1234 --stdin"
check "the file is its owner's alone" test "$(stat -c %a "$F")" = 600
check "it is smbpasswd's format" grep -qE '^zoë:1234:X{32}:[0-9A-F]{32}:\[U +\]:LCT-[0-9A-F]{8}:' "$F"
check "the hash is the password's" grep -q '878D8014606CDA29677A44EFA1353FC7' "$F"
check "user add of a user that is there is refused" bash -c "! printf 'x\n' | '$SMBGATE' user --file '$F' add ZOË --stdin"
check "user set changes it" bash -c "printf 'other\n' | '$SMBGATE' user --file '$F' set zoë --stdin && ! grep -q 878D8014606CDA29677A44EFA1353FC7 '$F'"
check "user list shows names" bash -c "'$SMBGATE' user --file '$F' list | grep -q zoë"
check "user list shows no hash" bash -c "! '$SMBGATE' user --file '$F' list | grep -qE '[0-9A-F]{32}'"
check "user disable" bash -c "'$SMBGATE' user --file '$F' disable zoë && grep -qE '\[[^]]*D' '$F'"
check "user del" bash -c "'$SMBGATE' user --file '$F' del zoë && ! grep -q zoë '$F'"
check "user del of nobody is an error" bash -c "! '$SMBGATE' user --file '$F' del zoë"
tap_done

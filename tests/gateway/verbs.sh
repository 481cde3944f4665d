#!/usr/bin/env bash
# Tests main.c, run.c, serve.c, export.c, banner.c, check.c and user.c: what
# the verbs print, and what signals do.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

said() { grep -qE -- "$1" "$SCRATCH/said" || { cat "$SCRATCH/said"; return 1; }; }
logged() { # PATTERN: a line of the server's log, soon
	for _ in $(seq 100); do
		grep -qE -- "$1" "$SCRATCH/log" && return 0
		sleep 0.05
	done
	tail -n 20 "$SCRATCH/log"
	return 1
}
export_start() { # OPTIONS…: smbgate export of $SCRATCH/tree
	PORT=$(free_port)
	: >"$SCRATCH/said"
	"$SMBGATE" export "$SCRATCH/tree" --listen "127.0.0.1:$PORT" --engine "$ENGINE" "$@" \
		>"$SCRATCH/said" 2>>"$SCRATCH/log" &
	GATE_PID=$!
	for _ in $(seq 200); do
		grep -q '^smbgate: ready' "$SCRATCH/said" && return 0
		kill -0 "$GATE_PID" 2>/dev/null || break
		sleep 0.05
	done
	cat "$SCRATCH/said"
	tail -n 5 "$SCRATCH/log"
	return 1
}
smb_as() { # USER%PASSWORD COMMANDS [SHARE]
	smbclient "//127.0.0.1/${3:-tree}" -p "$PORT" -U "$1" -c "$2"
}

# ---- export ----

mkdir -p "$SCRATCH/tree"
chmod 777 "$SCRATCH/tree"
echo hello >"$SCRATCH/tree/file"
check "export with nothing but a directory" export_start
check "… prints a line for each system" said '^  macOS     open smb://.*@127\.0\.0\.1:[0-9]+/tree$'
check "… Windows" said '^  Windows   net use \* \\\\127\.0\.0\.1\\tree /user:.* /TCPPORT:'
check "… Linux" said '^  Linux     sudo mount -t cifs //127\.0\.0\.1/tree /mnt -o username=.*,port='
user=$(sed -n 's/^  user      \([^ ]*\) .*/\1/p' "$SCRATCH/said")
password=$(sed -n 's/^  user .*password  //p' "$SCRATCH/said")
check "… and a password of four words" grep -qE '^([a-z]+-){3}[a-z]+$' <<<"$password"
check "which lets its user in" smb_as "$user%$password" 'get file /dev/null; put /etc/hostname new'
check "… and is not in the log" bash -c "! grep -qF '$password' '$SCRATCH/log'"
check "… nor in the process's arguments" bash -c "! tr '\0' ' ' </proc/$GATE_PID/cmdline | grep -qF '$password'"
check "export ends with SIGTERM" gate_stop

printf 'Secret-1\n' >"$SCRATCH/password"
chmod 600 "$SCRATCH/password"
check "export --read-only --user --password-file --name" \
	export_start --read-only --user ann --password-file "$SCRATCH/password" --name Photos
check "… says so" said '^  share     Photos  \(read-only, '
check "… prints no password" bash -c "! grep -q password '$SCRATCH/said'"
check "… lets ann read" smb_as ann%Secret-1 'get file /dev/null' photos
check "… and write nothing" bash -c "! smbclient //127.0.0.1/photos -p $PORT -U ann%Secret-1 -c 'put /etc/hostname other'"
check "… as the disk shows" test ! -e "$SCRATCH/tree/other"
gate_stop
check "export --guest" export_start --guest
check "… admits guests" smbclient "//127.0.0.1/tree" -p "$PORT" -U guest%x -c 'ls'
check "… and says that many clients refuse to be one" said 'Windows 11'
gate_stop
chmod 644 "$SCRATCH/password"
check "a password file that others can read is refused" bash -c \
	"'$SMBGATE' export '$SCRATCH/tree' --listen 127.0.0.1:0 --user a --password-file '$SCRATCH/password'; [ \$? -eq 6 ]"

# ---- check ----

gate_users
PORT=$(free_port)
mkdir -p "$SCRATCH/closed"
chmod 755 "$SCRATCH/closed"
cat >"$SCRATCH/c.conf" <<CONF
server = { listen = [ "127.0.0.1:$PORT" ]; log = { level = "info"; }; };
users_file = "$USERS";
shares = (
  { name = "share"; path = "$SCRATCH/tree"; },
  { name = "closed"; path = "$SCRATCH/closed"; }
);
CONF
"$SMBGATE" check --config "$SCRATCH/c.conf" >"$SCRATCH/said" 2>&1
check "check says that it is right" said 'c\.conf: ok$'
check "… what would listen" said "^  listen    127\.0\.0\.1:$PORT   free$"
if [ "$(id -u)" -eq 0 ]; then
	check "… and who can't write where" said 'tester \(uid 20001\) can read but not write: the directory is drwxr-xr-x of root'
else
	skip "… and who can't write where" "needs root"
fi
"$SMBGATE" check --config "$SCRATCH/c.conf" --json >"$SCRATCH/json" 2>/dev/null
check "check --json is JSON" python3 -c "
import json, sys
j = json.load(open('$SCRATCH/json'))
assert j['ok'] is True
assert [s['name'] for s in j['shares']] == ['share', 'closed']
assert j['listen'][0]['state'] == 'free'"
"$SMBGATE" user --file "$USERS" list --json >"$SCRATCH/json"
check "user list --json is JSON" python3 -c "
import json
u = json.load(open('$SCRATCH/json'))
assert [x['name'] for x in u] == ['tester', 'tester2'], u
assert u[0]['uid'] == 20001 and not u[0]['disabled']"

# ---- signals ----

check "serve starts" gate_start "$SCRATCH/c.conf"
"$SMBGATE" check --config "$SCRATCH/c.conf" >"$SCRATCH/said" 2>&1
check "check while it runs is no mistake" said 'in use'
check "a user that is not there yet is refused" bash -c "! smbclient //127.0.0.1/share -p $PORT -U late%Late-1 -c ls"
printf 'Late-1\n' | "$SMBGATE" user --file "$USERS" add late --stdin
sed -i 's/name = "closed"/name = "opened"/' "$SCRATCH/c.conf"
kill -HUP "$GATE_PID"
check "SIGHUP reads users and shares again" logged 'c\.conf read again'
check "… the new user is let in" smb_as late%Late-1 ls share
check "… the new share is there" smb_as tester%Tester-1 ls opened
check "… the old one is not" bash -c "! smbclient //127.0.0.1/closed -p $PORT -U tester%Tester-1 -c ls"
echo 'sining = "off";' >>"$SCRATCH/c.conf"
kill -HUP "$GATE_PID"
check "SIGHUP with a wrong file says why" logged 'unknown key "sining"'
check "… and changes nothing" logged 'everything stays as it was'
check "… all are served as before" smb_as tester%Tester-1 ls opened
(sleep 20) | smbclient //127.0.0.1/share -p "$PORT" -U tester%Tester-1 >/dev/null 2>&1 &
sleep 0.5
check "SIGTERM ends it with 0 while a client is there" gate_stop

tap_done

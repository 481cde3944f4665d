# The direct door when its program dies or sleeps: a part of mount.sh, which
# has an sshd for it.

fresh "$SCRATCH/back"
cp in/big "$SCRATCH/back/big"
PORT=$(free_port)
cat >"$SCRATCH/direct.conf" <<CONF
server = { listen = [ "127.0.0.1:$PORT" ]; workers = 1; state_dir = "$SCRATCH/state";
           log = { level = "debug"; }; };
users_file = "$USERS";
shares = (
  { name = "share"; via = "direct"; timeout = "4s"; poll_interval = "500ms";
    mount = [ "sshfs", "-f", "-p", "$SSH", "-o", "ssh_command=$W/ssh",
              "root@127.0.0.1:$SCRATCH/back", "{}" ]; },
  { name = "plain"; path = "$SCRATCH/plain"; }
);
CONF
chmod 777 "$SCRATCH/plain"
cp in/big "$SCRATCH/plain/big"
sshfs_pid() { pgrep -f "^sshfs -f -p $SSH" | head -n 1; }
not_pid() { [ -n "$(sshfs_pid)" ] && [ "$(sshfs_pid)" != "$1" ]; }

check "direct: serves a program and a directory" gate_start "$SCRATCH/direct.conf"
check "direct: a user's file" smb "put in/big mine; get mine out/mine"
check "direct: is the user's" test "$(stat -c %s "$SCRATCH/back/mine")" -eq 3000000
check "direct: the same" cmp in/big out/mine
mkdir -m 700 "$SCRATCH/back/private"
check "direct: what the mode refuses is refused" bash -c "smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'cd private; ls' 2>&1 | grep -q ACCESS_DENIED"
# sshfs tells of nothing, and keeps lists for a time of its own.
timeout 40 stdbuf -oL smbclient "//127.0.0.1/share" -p "$PORT" -U tester%Tester-1 \
	-c 'notify ""' >"$W/news" 2>&1 &
watcher=$!
sleep 1.5
echo new >"$SCRATCH/back/came"
check "direct, polled: what came on the other side is told" await 30 grep -q '^0001 came' "$W/news"
kill "$watcher"
wait "$watcher" 2>/dev/null
pid=$(sshfs_pid)
kill -KILL "$pid"
check "direct, killed: it is started again" await 8 not_pid "$pid"
check "direct, killed: its share works again" await 8 smb "get big out/again"
pid=$(sshfs_pid)
kill -STOP "$pid"
smb "get big out/stuck" >/dev/null 2>&1 &
stuck=$!
sleep 0.3
check "direct, stopped: the other share does not notice" timeout 3 smbclient \
	"//127.0.0.1/plain" -p "$PORT" -U tester%Tester-1 -c "get big $W/copy"
check "direct, stopped: it is ended and started again" await 10 not_pid "$pid"
check "direct, stopped: its share works again" await 10 smb "get big out/again2"
wait "$stuck"
kill -STOP "$(sshfs_pid)"
smb "get big out/stuck" >/dev/null 2>&1 &
sleep 0.3
check "direct: ends while the program is stopped" timeout 10 bash -c "kill -TERM $GATE_PID; while kill -0 $GATE_PID 2>/dev/null; do sleep 0.1; done"
gate_stop

# ---- nobody, without a capability, without /dev/fuse ----

# The program from $SCRATCH, as nobody may not come to where it was built.
N=$SCRATCH/nobody
mkdir -p "$N/dev"
cp "$SMBGATE" "$N/smbgate"
cp "$W/key" "$W/password" "$N/"
sed "s,$W/key,$N/key," "$W/ssh.conf" >"$N/ssh.conf"
printf '#!/bin/sh\nexec ssh -F %s "$@"\n' "$N/ssh.conf" >"$N/ssh"
chmod 755 "$N/ssh" "$N/smbgate"
chown -R 65534:65534 "$N"
# as_nobody WORDS…: the program of WORDS, mounted and exported.
as_nobody() {
	PORT=$(free_port)
	cat >"$N/run" <<RUN
mount -t tmpfs none $N/dev &&
	mknod -m 666 $N/dev/null c 1 3 && mknod -m 666 $N/dev/urandom c 1 9 &&
	ln -s /proc/self/fd $N/dev/fd && mount --bind $N/dev /dev || exit
exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
	--bounding-set=-all --inh-caps=-all env HOME=$N XDG_RUNTIME_DIR=$N \
	$N/smbgate mount --share share --engine $ENGINE --listen 127.0.0.1:$PORT \
	--user tester --password-file $N/password -- $*
RUN
	rm -f "$N/out"
	unshare -m bash "$N/run" >"$N/out" 2>&1 &
	GATE_PID=$!
	await 20 grep -q '^smbgate: ready' "$N/out" || { cat "$N/out"; return 1; }
}
if unshare -m true 2>/dev/null && command -v setpriv >/dev/null; then
	fresh "$SCRATCH/back"
	check "nobody: mounts and exports" as_nobody \
		sshfs -f -p "$SSH" -o "ssh_command=$N/ssh" "root@127.0.0.1:$SCRATCH/back" {}
	check "nobody: has no capability" grep -q 'CapPrm:.*0000000000000000' "/proc/$GATE_PID/status"
	check "nobody: a file goes in and comes out" smb "put in/big big; get big out/nobody"
	check "nobody: the same" cmp in/big out/nobody
	check "nobody: ends" gate_stop
	# One that looks for /dev/fuse, and would call the system's fusermount.
	check "nobody, fusermount: mounts and exports" as_nobody bindfs -f "$SCRATCH/back" {}
	check "nobody, fusermount: a file goes in and comes out" smb "put in/big big2; get big2 out/nobody2"
	check "nobody, fusermount: the same" cmp in/big out/nobody2
	check "nobody, fusermount: ends" gate_stop
	check "nobody, fusermount: nothing is left" bash -c "! ls -d '$N'/smbgate-*"
else
	skip "as nobody, without capabilities" "there is no unshare here"
fi

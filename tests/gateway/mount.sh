#!/usr/bin/env bash
# Programs that serve files by FUSE, exported: `smbgate mount`, `mount = […]`,
# and what happens when such a program dies, hangs, or never was any good. So
# this is the test of fuse/backend.c, kmount.c and kwatch.c, which only do
# something with a mount, of start.c, of gateway/store/backend.c, and of the
# direct door (direct.c, direct_attr.c, direct_call.c, direct_data.c,
# direct_file.c, direct_name.c, direct_walk.c).
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
. "$TOP/tests/lib/mounted.sh"

[ -e /dev/fuse ] || mknod /dev/fuse c 10 229 2>/dev/null
why=
[ "$(id -u)" -eq 0 ] || why="needs root to mount"
(: <>/dev/fuse) 2>/dev/null || why="there is no /dev/fuse here"
command -v bindfs >/dev/null || why="bindfs is not installed"
if [ -n "$why" ]; then
	skip "programs that serve files by FUSE" "$why"
	tap_done
	exit
fi

W=$SCRATCH/work
mkdir -p "$W/in/sub" "$W/out" "$SCRATCH/state" "$SCRATCH/plain"
cd "$W" || exit 1
head -c 3000000 /dev/urandom >in/big
printf 'hello\n' >in/sub/hello
: >in/empty
printf 'Tester-1\n' >"$W/password"
chmod 600 "$W/password"
gate_users

hashes() { (cd "$1" && find . -type f ! -name '.fuse_hidden*' -exec sha256sum {} + | sort -k2); }
fresh() { # DIR: an empty directory that all may use
	rm -rf "$1"
	mkdir -p "$1"
	chmod 777 "$1"
}
places() { # where smbgate mounts things: what is there now
	ls -d /run/smbgate-?????? 2>/dev/null
	awk '$5 ~ /^\/run\/smbgate-......$/ { print "mounted", $5 }' /proc/self/mountinfo
}
before=$(places)
nothing_left() { # no mount, no directory, no program of ours
	[ "$(places)" = "$before" ] && ! pgrep -f "$SCRATCH/back" >/dev/null
}

# a_tree NAME WORDS…: a tree goes in and out of $SCRATCH/back.
a_tree() {
	local name=$1
	shift
	fresh "$SCRATCH/back"
	rm -rf out
	mkdir out
	check "$name: mounts and exports" mounted "$@"
	check "$name: a tree goes in" smb "recurse ON; prompt OFF; lcd in; mput *"
	check "$name: it comes out" smb "recurse ON; prompt OFF; lcd out; mget *"
	check "$name: the same" diff <(hashes in) <(hashes out)
	check "$name: rename, mkdir, del" smb 'rename empty sub\void; mkdir d; rmdir d; del sub\void'
	check "$name: what was deleted is gone" bash -c '! smbclient "//127.0.0.1/share" -p '"$PORT"' -U tester%Tester-1 -c "get sub\\void"'
	check "$name: ends" gate_stop
}

# ---- programs ----

a_tree bindfs -- bindfs -f "$SCRATCH/back" {}
check "bindfs: the bytes are in its directory" cmp in/big "$SCRATCH/back/big"
check "bindfs: nothing is left" await 5 nothing_left
if command -v mergerfs >/dev/null; then
	a_tree mergerfs -- mergerfs -f -o allow_other "$SCRATCH/back" {}
	check "mergerfs: nothing is left" await 5 nothing_left
else
	skip "mergerfs" "it is not installed"
fi
# Those that call fusermount, by the direct door: ours answers.
if awk '$5 == "/" { found = 1 } END { exit !found }' /proc/self/mountinfo; then
	a_tree "bindfs, direct" --via direct -- bindfs -f "$SCRATCH/back" {}
	check "bindfs, direct: by our fusermount" grep -q 'directly, by a fusermount of ours' "$SCRATCH/log"
	check "bindfs, direct: nothing is left" await 5 nothing_left
else # it looks for the system's own by its path
	skip "bindfs, direct" "in a chroot that is no mount point, the system's fusermount can't be covered"
fi
if command -v mergerfs >/dev/null; then
	a_tree "mergerfs, direct" --via direct -- mergerfs -f "$SCRATCH/back" {}
	check "mergerfs, direct: nothing is left" await 5 nothing_left
fi
if command -v rclone >/dev/null; then
	a_tree "rclone mount, direct" --via direct -- rclone mount "$SCRATCH/back" {} \
		--vfs-cache-mode writes --config /dev/null --cache-dir "$W/rclone"
else
	skip "rclone mount, direct" "it is not installed"
fi
if command -v sshfs >/dev/null && [ -x /usr/sbin/sshd ]; then
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$W/host"
	ssh-keygen -q -t ed25519 -N '' -f "$W/key"
	SSH=$(free_port)
	/usr/sbin/sshd -D -f /dev/null -p "$SSH" -h "$W/host" -o ListenAddress=127.0.0.1 \
		-o "AuthorizedKeysFile=$W/key.pub" -o StrictModes=no -o UsePAM=no \
		-o PidFile=none -o "Subsystem sftp internal-sftp" 2>"$W/sshd.log" &
	SSHD=$!
	mkdir -p "$W/home/.ssh"
	printf 'IdentityFile %s\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n' \
		"$W/key" >"$W/ssh.conf"
	printf '#!/bin/sh\nexec ssh -F %s "$@"\n' "$W/ssh.conf" >"$W/ssh"
	chmod 755 "$W/ssh"
	await 5 grep -q "listening" "$W/sshd.log"
	a_tree "sshfs, kernel" --via kernel -- sshfs -f -p "$SSH" -o "ssh_command=$W/ssh" "root@127.0.0.1:$SCRATCH/back" {}
	check "sshfs: it was by a mount" grep -q 'serves its files by a mount of ours' "$SCRATCH/log"
	a_tree "sshfs, direct" --via direct -- sshfs -f -p "$SSH" -o "ssh_command=$W/ssh" "root@127.0.0.1:$SCRATCH/back" {}
	check "sshfs: it was without a mount" grep -q 'serves its files directly' "$SCRATCH/log"
	. "$TOP/tests/lib/direct.sh"
	kill "$SSHD"
else
	skip "sshfs" "sshfs or openssh-server is not installed"
fi

# ---- mistakes ----

fails() { # STATUS PATTERN WORDS…
	local status=$1 pattern=$2 said
	shift 2
	"$SMBGATE" mount --share share --listen "127.0.0.1:$(free_port)" --timeout 2s \
		--user tester --password-file "$W/password" "$@" >"$W/said" 2>&1
	said=$?
	cat "$W/said"
	[ "$said" -eq "$status" ] && grep -q -- "$pattern" "$W/said"
}
check "a program that there is not" fails 5 'No such file' -- no-such-program {}
check "a program that ends at once" fails 5 'ended with 1' -- false {}
check "a program that says why" fails 5 'back/none' -- bindfs -f "$SCRATCH/back/none" {}
check "a program that goes into the background" fails 5 'foreground' -- true {}
check "a program that mounts nothing" fails 5 'no answer within' -- sh -c 'exec sleep 60' {}
check "a command without {}" fails 2 'mount point' -- bindfs -f /srv
check "an address that is none" fails 2 'HOST' sshfs://
check "nothing is left of them" await 5 nothing_left

# ---- in a configuration; death and sleep ----

fresh "$SCRATCH/back"
chmod 777 "$SCRATCH/plain"
cp in/big "$SCRATCH/plain/big"
PORT=$(free_port)
cat >"$SCRATCH/two.conf" <<CONF
server = { listen = [ "127.0.0.1:$PORT" ]; workers = 1; state_dir = "$SCRATCH/state";
           log = { level = "debug"; }; };
users_file = "$USERS";
shares = (
  { name = "share"; mount = [ "bindfs", "-f", "$SCRATCH/back", "{}" ]; timeout = "4s"; },
  { name = "plain"; path = "$SCRATCH/plain"; }
);
CONF
child() { pgrep -f "^bindfs -f $SCRATCH/back" | head -n 1; }
plain() { SHARE=plain timeout "$1" smbclient "//127.0.0.1/plain" -p "$PORT" -U tester%Tester-1 -c "ls; get big $W/copy; put $W/in/big again"; }

check "check tells of a share with a program" bash -c "'$SMBGATE' check --config '$SCRATCH/two.conf' | grep -q 'bindfs -f'"
check "serves a program and a directory" gate_start "$SCRATCH/two.conf"
check "the program's share works" smb "put in/big big"
first=$(child)
kill -KILL "$first"
check "killed: it is started again" await 5 bash -c "pgrep -f '^bindfs -f $SCRATCH/back' | grep -qv '^$first\$'"
check "killed: its share works again" await 5 smb "get big out/after"
check "killed: with the same bytes" cmp in/big out/after

second=$(child)
kill -STOP "$second"
smb "get big out/stuck" >/dev/null 2>&1 &
stuck=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do smb "ls" >/dev/null 2>&1 & done
sleep 0.3
check "stopped: the other share does not notice" plain 3
check "stopped: it is ended and started again" await 12 bash -c "pgrep -f '^bindfs -f $SCRATCH/back' | grep -qv '^$second\$'"
check "stopped: its share works again" await 12 smb "get big out/after2"
wait "$stuck"
check "stopped: the log says so" grep -q 'has not answered' "$SCRATCH/log"
kill -STOP "$(child)"
smb "get big out/stuck" >/dev/null 2>&1 &
sleep 0.3
began=$SECONDS
check "ends while the program is stopped" gate_stop
check "and does not take long" test $((SECONDS - began)) -le 6
check "nothing is left at the end" await 5 nothing_left

# ---- one that can't be started ----

# A program that is there only later.
PORT=$(free_port)
sed "s/127.0.0.1:[0-9]*/127.0.0.1:$PORT/; s,\"bindfs\",\"$W/later\"," \
	"$SCRATCH/two.conf" >"$SCRATCH/late.conf"
check "check says that it does not start" bash -c \
	"'$SMBGATE' check --config '$SCRATCH/late.conf' 2>&1 | grep -q 'No such file'"
check "late: the others are served" gate_start "$SCRATCH/late.conf"
check "late: the other share works" plain 3
check "late: its share says that it is not there" bash -c \
	"smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c ls 2>&1 | grep -q DEVICE_NOT_READY"
check "late: the log says which, and why" grep -q 'backend="share".*did not start: No such file' "$SCRATCH/log"
cp "$(command -v bindfs)" "$W/later.new"
mv "$W/later.new" "$W/later"
check "late: comes when it can" await 15 smb "put in/big late; get late out/late"
check "late: with the same bytes" cmp in/big out/late
check "late: ends" gate_stop
tap_done

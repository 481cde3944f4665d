#!/usr/bin/env bash
# The container of examples/sidecar/ without a container engine: a root of
# nothing but the programs and their libraries, read-only, as nobody, without a
# capability, without /dev/fuse, with io_uring refused; configured by the
# environment (gateway/env.c, serve.c). A tree goes in and out, of a directory
# and of programs by the direct door.
#
# The root is made of this machine's own files, as ldd names them: an image of
# Debian would take longer than all the other tests.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
. "$TOP/tests/lib/mounted.sh"

why=
[ "$(id -u)" -eq 0 ] || why="needs root to make a root of its own"
unshare -m true 2>/dev/null || why="there is no unshare here"
command -v setpriv >/dev/null || why="setpriv is not installed"
[ "${SLOW:-}" ] && why="a sanitizer wants more of a root than there is"
if [ -n "$why" ]; then
	skip "the sidecar" "$why"
	tap_done
	exit
fi

R=$SCRATCH/root
W=$SCRATCH/work
mkdir -p "$R"/{usr/bin,dev,proc,etc,data,state,tmp,run/secrets} "$W/in"
cd "$W" || exit 1
python3 "$TOP/tests/lib/make_tree.py" in 60
head -c 3000000 /dev/urandom >in/big

add() { # PROGRAM…: with its libraries
	local program library
	for program; do
		cp "$program" "$R/usr/bin/"
		ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
			mkdir -p "$R${library%/*}"
			[ -e "$R$library" ] || cp "$library" "$R$library"
		done
	done
}
add "$(command -v setpriv)" "$(command -v env)" "$SMBGATE" "$(dirname "$SMBGATE")/smbgate-memfs"
for p in mergerfs rclone; do
	! command -v "$p" >/dev/null || add "$(command -v "$p")"
done
printf 'Tester-1\n' >"$R/run/secrets/tester"
echo 'nobody:x:65534:65534:nobody:/:/bin/false' >"$R/etc/passwd"
chown -R 65534:65534 "$R/data" "$R/state" "$R/run/secrets/tester"
chmod 600 "$R/run/secrets/tester"

# contained VARIABLES… -- WORDS…: smbgate, by the rules of a container.
contained() {
	local variables=()
	while [ "$1" != -- ]; do variables+=("$1"); shift; done
	shift
	cat >"$W/contain" <<RUN
mount --bind $R $R && mount -o remount,bind,ro $R &&
	mount --bind $R/data $R/data && mount -o remount,bind,rw $R/data &&
	mount --bind $R/state $R/state && mount -o remount,bind,rw $R/state &&
	mount -t tmpfs none $R/tmp && mount -t proc none $R/proc &&
	mount -t tmpfs none $R/dev && mknod -m 666 $R/dev/null c 1 3 &&
	mknod -m 666 $R/dev/urandom c 1 9 && ln -s /proc/self/fd $R/dev/fd || exit
exec env -i python3 $TOP/tests/lib/no_uring.py $(command -v chroot) $R \
	/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups \
	--bounding-set=-all --inh-caps=-all --no-new-privs \
	/usr/bin/env PATH=/usr/bin HOME=/tmp TMPDIR=/tmp "\$@"
RUN
	rm -f "$SCRATCH/stdout"
	: >"$SCRATCH/log"
	unshare -m bash "$W/contain" "${variables[@]}" /usr/bin/smbgate "$@" \
		>"$SCRATCH/stdout" 2>"$SCRATCH/log" &
	GATE_PID=$!
	await 20 grep -q '^smbgate: ready' "$SCRATCH/stdout" || { tail -n 20 "$SCRATCH/log"; return 1; }
}

hashes() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k2); }
# a_tree NAME: goes in, and comes out the same.
a_tree() {
	rm -rf out
	mkdir out
	check "$1: a tree goes in" smb "recurse ON; prompt OFF; lcd in; mput *"
	check "$1: it comes out" smb "recurse ON; prompt OFF; lcd out; mget *"
	check "$1: the same" diff <(hashes in) <(hashes out)
	check "$1: ends" gate_stop
}
status_of() { awk -v f="$1:" '$1 == f { print $2 }' "/proc/$GATE_PID/status"; }

PORT=$(free_port)
export SHARE=data
check "by the environment: starts" contained SMBGATE_SHARE_data=/data:rw:tester \
	SMBGATE_LISTEN=127.0.0.1:$PORT SMBGATE_STATE_DIR=/state -- serve --env
check "is nobody" test "$(status_of Uid)" = 65534
check "has no capability" test "$(status_of CapBnd)$(status_of CapPrm)" = 00000000000000000000000000000000
check "has io_uring refused" test "$(status_of Seccomp)" = 2
check "has no /dev/fuse" test ! -e "/proc/$GATE_PID/root/dev/fuse"
check "can't write to its root" bash -c "! touch /proc/$GATE_PID/root/usr/x 2>/dev/null"
a_tree "a directory"
PORT=$(free_port)
check "a user without a password: starts" contained SMBGATE_SHARE_data=/data SMBGATE_USER=other \
	SMBGATE_LISTEN=127.0.0.1:$PORT SMBGATE_STATE_DIR=/state -- serve --env
check "a generated password is kept, and works" smbclient "//127.0.0.1/data" -p "$PORT" \
	-U "other%$(cat "$R/state/password-other")" -c ls
check "is seen by its owner alone" test "$(stat -c %a "$R/state/password-other")" = 600
check "a user without a password: ends" gate_stop

# backend NAME WORDS…: of a program, by the direct door.
backend() {
	local name=$1
	shift
	rm -rf "${R:?}/data/"*
	PORT=$(free_port)
	check "$name: starts" contained -- mount --share data --via direct --listen 127.0.0.1:$PORT \
		--user tester --password-file /run/secrets/tester -- "$@"
	a_tree "$name"
}
backend memfs smbgate-memfs -f {}
if [ -e "$R/usr/bin/mergerfs" ]; then
	backend mergerfs mergerfs -f /data {}
else
	skip mergerfs "it is not installed"
fi
if [ -e "$R/usr/bin/rclone" ]; then
	backend rclone rclone mount /data {} --vfs-cache-mode writes --config /dev/null --cache-dir /tmp/rclone
else
	skip rclone "it is not installed"
fi
tap_done

# For tests of programs that serve files by FUSE: smbgate mount, and waiting.
# Sourced after tap.sh.

await() { # SECONDS COMMAND…: until it succeeds
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# Why nothing can be mounted here; empty if it can.
no_mounts() {
	[ -e /dev/fuse ] || mknod /dev/fuse c 10 229 2>/dev/null
	if [ "$(id -u)" -ne 0 ]; then
		echo "needs root to mount"
	elif ! (: <>/dev/fuse) 2>/dev/null; then
		echo "there is no /dev/fuse here"
	elif ! command -v fusermount3 >/dev/null; then
		echo "fuse3 is not installed"
	fi
}

# mounted WORDS…: smbgate mount of them as the share called share; $PORT.
mounted() {
	PORT=$(free_port)
	[ -e "$SCRATCH/password" ] || {
		printf 'Tester-1\n' >"$SCRATCH/password"
		chmod 600 "$SCRATCH/password"
	}
	rm -f "$SCRATCH/stdout"
	: >"$SCRATCH/log"
	"$SMBGATE" mount --share share --engine "$ENGINE" --log debug \
		--listen "127.0.0.1:$PORT" --user tester \
		--password-file "$SCRATCH/password" "$@" >"$SCRATCH/stdout" 2>>"$SCRATCH/log" &
	GATE_PID=$!
	await 20 grep -q '^smbgate: ready' "$SCRATCH/stdout" ||
		{ tail -n 20 "$SCRATCH/log"; return 1; }
}

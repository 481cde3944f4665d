#!/usr/bin/env bash
# A tree as people have them: many files, names in every script, names of 255
# bytes, a large sparse file; in and out by hash.
#
# FILES  how many small files (default 600)
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

FILES=${FILES:-600}
gate_start || exit 1
W=$SCRATCH/work
mkdir -p "$W/in" "$W/out"
cd "$W" || exit 1
python3 "$TOP/tests/lib/make_tree.py" in "$FILES"
truncate -s 4G in/sparse
printf 'start' | dd of=in/sparse conv=notrunc status=none
printf 'end' | dd of=in/sparse bs=1 seek=$((4 * 1024 * 1024 * 1024 - 3)) conv=notrunc status=none

hashes() { (cd "$1" && find . -type f ! -name sparse ! -name SHA256SUMS -exec sha256sum {} + | sort -k2); }
check "the tree goes in" smb "recurse ON; prompt OFF; lcd in; mkdir many; mkdir names; mput many names"
check "what is on disk is what was sent" diff <(hashes in) <(hashes "$SCRATCH/tree")
check "the tree comes back" smb "recurse ON; prompt OFF; lcd out; mget many names"
check "what came back is what was sent" diff <(hashes in) <(hashes out)

# By a client that shares no code with it: 2.0.2, 2.1, 3.0.
python=python3
"$python" -c 'import impacket' 2>/dev/null || python=/usr/bin/python3
if "$python" -c 'import impacket' 2>/dev/null; then
	"$python" "$TOP/tests/gateway/impacket_tree.py" "$PORT" in/SHA256SUMS >"$SCRATCH/imp" 2>&1
	status=$?
	while IFS= read -r line; do
		case $line in
		'not ok'*) not_ok "${line#*- }" ;;
		ok*) ok "${line#*- }" ;;
		1..*) ;;
		*) echo "# $line" ;;
		esac
	done <"$SCRATCH/imp"
	[ "$status" -eq 0 ] || grep -q '^not ok' "$SCRATCH/imp" ||
		not_ok "impacket ended with status $status"
else
	skip "impacket reads the tree" "python3-impacket is not installed"
fi

check "names of 256 bytes are refused" bash -c "! smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'mkdir $(printf 'x%.0s' $(seq 256))' | grep -v . && smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'mkdir $(printf 'x%.0s' $(seq 256))' 2>&1 | grep -qE 'OBJECT_NAME_INVALID|NAME_TOO_LONG'"

# The sparse file lies on disk already: 4 GiB through the wire one way.
cp --sparse=always in/sparse "$SCRATCH/tree/sparse"
if [ -n "${SLOW:-}" ]; then
	skip "a sparse file of 4 GiB" "slow build"
else
	check "a sparse file of 4 GiB is read whole" bash -c "smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'get sparse /dev/stdout' 2>/dev/null | head -c 4294967296 | cmp - in/sparse"
fi

# Names that Windows can't have, made behind the server's back.
printf a >"$SCRATCH/tree/co:lon"
printf b >"$SCRATCH/tree/que?ry"
printf c >"$SCRATCH/tree/trailing."
printf d >"$SCRATCH/tree/"$'latin1-\xe9'
check "odd names on disk do not break a listing" smb 'ls'
check "… and the others are still there" bash -c "smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'ls' | grep -q sparse"
check "… and can be copied out by their mapped names" bash -c "rm -rf out2; mkdir out2; smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'prompt OFF; lcd out2; mget co*lon que*ry trail* latin1*' && test \$(cat out2/* | wc -c) = 4"
check "it ends cleanly" gate_stop
tap_done

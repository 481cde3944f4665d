#!/usr/bin/env bash
# smbgate-memfs through both doors, and mounted by itself: a tree goes in and
# out, names and streams, its end of room, and what expires. So this is the test
# of fuse/fs/memfs.c, ops.c, file_ops.c and program.c, which are of use only to
# someone who asks by FUSE.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
. "$TOP/tests/lib/mounted.sh"

MEMFS=$(dirname "$SMBGATE")/smbgate-memfs
W=$SCRATCH/work
mkdir -p "$W/in"
cd "$W" || exit 1
python3 "$TOP/tests/lib/make_tree.py" in 60
head -c 3000000 /dev/urandom >in/big

hashes() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k2); }

# through DOOR: what a share on it can do.
through() {
	local door=$1
	rm -rf out
	mkdir out
	check "$door: mounts and exports" mounted --via "$door" -- "$MEMFS" -f {}
	check "$door: by that door" grep -q "$([ "$door" = direct ] && echo 'serves its files directly' || echo 'by a mount of ours')" "$SCRATCH/log"
	check "$door: a tree goes in" smb "recurse ON; prompt OFF; lcd in; mput *"
	check "$door: it comes out" smb "recurse ON; prompt OFF; lcd out; mget *"
	check "$door: the same" diff <(hashes in) <(hashes out)
	check "$door: replaces, renames, removes" smb 'put in/big a; put in/big b; rename a b -f; mkdir d; rename b d\c; del d\c; rmdir d'
	check "$door: a stream" smb 'put in/big f; put in/SHA256SUMS f:more; get f:more out/more'
	check "$door: the same stream" cmp in/SHA256SUMS out/more
	check "$door: says how much room there is" bash -c "smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c du | grep -q '262144 blocks of size 4096'"
	check "$door: ends" gate_stop
	check "$door: nothing is left" await 5 bash -c "! pgrep -f '^$MEMFS'"
}

through direct
WHY=$(no_mounts)
if [ -z "$WHY" ]; then
	through kernel
else
	skip "kernel" "$WHY"
fi

# ---- its options ----

# The rest has little to do with our engines.
if [ "$ENGINE" = plain ]; then
	tap_done
	exit
fi

check "size: mounts" mounted --via direct -- "$MEMFS" -f -o size=1M {}
check "size: more than fits is refused" bash -c "smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'put in/big big' 2>&1 | grep -q DISK_FULL"
check "size: the room comes back" smb 'del big; put in/SHA256SUMS small'
check "size: ends" gate_stop
check "expire: mounts" mounted --via direct -- "$MEMFS" -f -o expire=1 {}
check "expire: what is new is there" smb 'put in/SHA256SUMS passing; get passing out/passing'
check "expire: it goes" await 8 bash -c "! smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'ls passing'"
check "expire: ends" gate_stop
check "a size that is none" bash -c "! '$MEMFS' -f -o size=much / && '$MEMFS' -f -o size=much / 2>&1 | grep -q 'is no size'"
check "help" bash -c "'$MEMFS' --help | grep -q expire"

# ---- mounted by itself ----

if [ -z "$WHY" ]; then
	mkdir "$W/mnt"
	"$MEMFS" -f "$W/mnt" &
	PID=$!
	check "mounted: is there" await 5 mountpoint -q "$W/mnt"
	check "mounted: a tree" bash -c "cp -a in mnt/ && diff -r in mnt/in"
	check "mounted: links, holes, attributes, renames" python3 - "$W/mnt" <<-'PY'
		import ctypes, os, sys
		os.chdir(sys.argv[1])
		with open("a", "w") as f: f.write("hello")
		os.link("a", "b"); os.symlink("a", "s")
		assert os.stat("b").st_nlink == 2 and open("s").read() == "hello"
		os.setxattr("a", "user.x", b"y")
		assert os.listxattr("b") == ["user.x"] and os.getxattr("s", "user.x") == b"y"
		f = os.open("hole", os.O_RDWR | os.O_CREAT)
		os.truncate("hole", 1 << 40); os.pwrite(f, b"z", 1 << 39)
		assert os.lseek(f, 0, os.SEEK_DATA) == 1 << 39 and os.fstat(f).st_blocks == 8
		os.posix_fallocate(f, 0, 8192)
		os.unlink("hole"); assert os.pread(f, 1, 1 << 39) == b"z"; os.close(f)
		with open("c", "w") as c: c.write("other")
		at = ctypes.CDLL(None, use_errno=True).renameat2
		assert at(-100, b"a", -100, b"c", 2) == 0 and open("a").read() == "other"
		assert at(-100, b"a", -100, b"c", 1) == -1 and ctypes.get_errno() == 17
		os.chmod("a", 0o6755); os.chown("a", 1000, 1000)
		with open("a", "a") as f: f.write("!")
		assert os.stat("a").st_mode & 0o7777 == 0o755
		names = ["n%d" % i for i in range(2000)]
		for n in names: open(n, "w").close()
		assert set(names) <= set(os.listdir("."))
		for n in names: os.unlink(n)
		f = os.open("x", os.O_RDWR | os.O_CREAT); g = os.open("y", os.O_RDWR | os.O_CREAT)
		os.write(f, b"copied"); assert os.copy_file_range(f, g, 6, 0) == 6
		assert os.pread(g, 9, 0) == b"copied"
	PY
	umount "$W/mnt"
	wait "$PID"
	check "mounted: ends well" test $? -eq 0
else
	skip "mounted" "$WHY"
fi
tap_done

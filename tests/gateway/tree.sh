#!/usr/bin/env bash
# A tree as people have them: many files, names in every script, names of 255
# bytes, a large sparse file; in and out by hash.
#
# FILES  how many small files (default 600)
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

FILES=${FILES:-600}
gate_start || exit 1
W=$SCRATCH/work
mkdir -p "$W/in/many" "$W/in/names" "$W/out"
cd "$W" || exit 1
python3 - "$FILES" <<'PY'
import os, sys, hashlib
for i in range(int(sys.argv[1])):
    d = "in/many/%02d" % (i % 50)
    os.makedirs(d, exist_ok=True)
    with open("%s/file-%05d.txt" % (d, i), "wb") as f:
        f.write(hashlib.sha256(str(i).encode()).digest() * (i % 40))
for n in ("Ελληνικά", "Русский текст", "日本語のファイル", "한국어", "العربية",
          "עברית", "ไทย", "हिन्दी", "Tiếng Việt", "ქართული", "Հայերեն",
          "🍎🚀👩‍👩‍👧", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "e\u0301 decomposed", "é composed", "ß ẞ ſ ı İ ς",
          " leading space", "many.dots.in.a.name", "#%&'()+,-;=@[]^_`{}~!$",
          "x" * 255, "é" * 127, "日" * 85, "🍎" * 63):
    with open("in/names/" + n, "w") as f:
        f.write(n)
PY
truncate -s 4G in/sparse
printf 'start' | dd of=in/sparse conv=notrunc status=none
printf 'end' | dd of=in/sparse bs=1 seek=$((4 * 1024 * 1024 * 1024 - 3)) conv=notrunc status=none

hashes() { (cd "$1" && find . -type f ! -name sparse -exec sha256sum {} + | sort -k2); }
check "the tree goes in" smb "recurse ON; prompt OFF; lcd in; mkdir many; mkdir names; mput many names"
check "what is on disk is what was sent" diff <(hashes in) <(hashes "$SCRATCH/tree")
check "the tree comes back" smb "recurse ON; prompt OFF; lcd out; mget many names"
check "what came back is what was sent" diff <(hashes in) <(hashes out)
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

#!/usr/bin/env bash
# smbclient against the program: each of its commands, each dialect and each
# kind of protection, trees copied in and out by hash.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

gate_start || exit 1
W=$SCRATCH/work
mkdir -p "$W/in/sub/deep" "$W/out"
cd "$W" || exit 1
head -c 3000000 /dev/urandom >in/big
head -c 65536 /dev/urandom >in/page
: >in/empty
printf 'hello\n' >in/sub/hello.txt
printf 'deep\n' >in/sub/deep/deeper.txt

hashes() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k2); }
says() { # PATTERN COMMANDS…
	local pattern=$1
	shift
	smb "$@" 2>&1 | tee "$SCRATCH/.says" | grep -qE -- "$pattern" ||
		{ cat "$SCRATCH/.says"; return 1; }
}
refused() { # STATUS COMMANDS…
	says "$@"
}

# ---- each command ----

check "a tree goes in (mput, recursive)" smb "recurse ON; prompt OFF; lcd in; mput *"
check "what is on disk is what was sent" diff <(hashes in) <(hashes "$SCRATCH/tree")
check "the tree comes back (mget)" smb "recurse ON; prompt OFF; lcd out; mget *"
check "what came back is what was sent" diff <(hashes in) <(hashes out)
check "ls shows names, sizes and attributes" says 'big +A? *N? +3000000 ' "ls"
check "ls with a pattern" says 'page' "ls p*"
check "ls of nothing says so" refused NO_SUCH_FILE "ls nothing*"
check "ls of one name" says 'hello\.txt' 'ls sub\hello.txt'
check "dir is ls" says 'empty' "dir"
check "du counts" says 'Total number of bytes: [0-9]+' "du"
check "cd and pwd" says 'share.sub.deep' 'cd sub\deep; pwd'
check "cd into nothing is refused" refused 'NOT_FOUND' "cd nowhere"
check "mkdir" smb "mkdir new"
check "mkdir of what is there is refused" refused OBJECT_NAME_COLLISION "mkdir new"
check "md and rd" smb "md short; rd short"
check "put and get" smb "put in/page new/p; get new/p out/p"
check "the bytes are the same" cmp in/page out/p
check "put replaces" smb "put in/empty new/p"
check "it is empty now" test ! -s "$SCRATCH/tree/new/p"
check "rename" smb 'rename new\p new\q'
check "rename of nothing is refused" refused NOT_FOUND 'rename new\p new\r'
check "rename onto a file is refused" refused OBJECT_NAME_COLLISION 'put in/page new/r; rename new\q new\r'
check "rename -f replaces" smb 'rename new\q new\r -f'
check "it is gone" test ! -e "$SCRATCH/tree/new/q"
check "rename that changes only the case" smb 'rename new\r new\R'
check "the new case is on disk" test -e "$SCRATCH/tree/new/R"
check "names are found in any case" smb 'get NEW\r out/r'
check "hardlink" smb 'hardlink page page2'
check "it is the same inode" test "$SCRATCH/tree/page" -ef "$SCRATCH/tree/page2"
check "del" smb 'del page2'
check "del of nothing is refused" refused NO_SUCH_FILE 'del page2'
check "rmdir of a full directory is refused" refused DIRECTORY_NOT_EMPTY 'rmdir new'
check "deltree" smb 'deltree new'
check "the directory is gone" test ! -e "$SCRATCH/tree/new"
check "allinfo tells times and attributes" says 'create_time' 'allinfo big'
check "setmode +h is kept" says '\(22\)|AH|HA|22' 'setmode big +h; allinfo big'
check "setmode -h" smb 'setmode big -h'
check "setmode +r refuses writing" refused 'ACCESS_DENIED|CANNOT_DELETE|MEDIA_WRITE' \
	'setmode empty +r; put in/page empty'
check "setmode -r" smb 'setmode empty -r; put in/empty empty'
check "utimes" smb 'utimes page 2001:02:03-04:05:06 2002:02:03-04:05:06 2003:02:03-04:05:06 2004:02:03-04:05:06'
check "the write time is on disk" bash -c '[[ $(TZ=UTC stat -c %y "$1") == 2003-0[12]-* || $(stat -c %y "$1") == 2003-02-03* ]]' _ "$SCRATCH/tree/page"
check "volume" says 'Volume:|volume' 'volume'
check "more" bash -c "PAGER=cat smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'more sub\\hello.txt' | grep -q hello"
check "reget goes on" bash -c "head -c 100000 in/big >out/part && smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'reget big out/part' && cmp in/big out/part"
check "reput sends what is missing" bash -c "head -c 100000 in/big >'$SCRATCH/tree/part' && chown 20001 '$SCRATCH/tree/part' && smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'reput in/big part'"
check "tar out" smb 'tar c out/all.tar'
check "the tar holds the tree" bash -c 'tar tf out/all.tar | grep -q deeper.txt'
check "tar in" smb 'mkdir untar; cd untar; tar x out/all.tar'
check "what was untarred is right" cmp in/big "$SCRATCH/tree/untar/big"
check "showacls" says 'OWNER|owner|ACL' 'showacls; ls sub'
check "iosize" smb 'iosize 65536; get big out/io; put in/big io'
check "scopy copies" smb 'scopy big copied'
check "the copy is right" cmp in/big "$SCRATCH/tree/copied"
check "echo" smb 'echo 3 hello'
check "tcon, tid, tdis" says 'tid' 'tid; tdis; tcon share; tid; ls'
check "timeout" smb 'timeout 20; ls'
check "a second logon on the connection" smb 'logon tester2 Tester-2'
check "posix commands are refused, not hung" bash -c "! timeout 20 smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'posix; posix_open x 0644' | grep -q 'opened'"
check "listing the shares" bash -c "smbclient -L //127.0.0.1 -p $PORT -U tester%Tester-1 | grep -qE 'share +Disk'"
check "an unknown share" bash -c "smbclient //127.0.0.1/none -p $PORT -U tester%Tester-1 -c ls 2>&1 | grep -q BAD_NETWORK_NAME"
check "a wrong password" bash -c "smbclient //127.0.0.1/share -p $PORT -U tester%wrong -c ls 2>&1 | grep -q LOGON_FAILURE"
check "an unknown user" bash -c "smbclient //127.0.0.1/share -p $PORT -U nobody%Tester-1 -c ls 2>&1 | grep -q LOGON_FAILURE"
check "no guest unless allowed" bash -c "smbclient //127.0.0.1/share -p $PORT -N -c ls 2>&1 | grep -qE 'LOGON_FAILURE|ACCESS_DENIED'"
check "user names in any case" bash -c "smbclient //127.0.0.1/share -p $PORT -U TESTER%Tester-1 -c ls"
check "a domain before the name" bash -c "smbclient //127.0.0.1/share -p $PORT -U 'OTHER\\tester%Tester-1' -c ls"

# ---- each dialect, each protection ----

round_trip() { # smbclient's options…
	rm -f out/rt
	smb "put in/big rt; get rt out/rt; del rt" "$@" && cmp in/big out/rt
}
for dialect in SMB2_02 SMB2_10 SMB3_00 SMB3_02 SMB3_11; do
	check "$dialect" round_trip -m "$dialect"
	check "$dialect signed" round_trip -m "$dialect" --client-protection=sign
done
for dialect in SMB3_00 SMB3_02 SMB3_11; do
	check "$dialect sealed" round_trip -m "$dialect" --client-protection=encrypt
done
for cipher in aes-128-ccm aes-128-gcm aes-256-ccm aes-256-gcm; do
	check "sealed with $cipher" round_trip --client-protection=encrypt \
		"--option=client smb3 encryption algorithms = $cipher"
done
for signing in hmac-sha256 aes-128-cmac aes-128-gmac; do
	check "signed with $signing" round_trip --client-protection=sign \
		"--option=client smb3 signing algorithms = $signing"
done

# ---- names of owners ----

asks_lsa() {
	rpcclient -p "$PORT" -U tester%Tester-1 127.0.0.1 -c "$1" \
		>out/lsa 2>&1
	grep -qF "$2" out/lsa
}
if command -v rpcclient >/dev/null; then
	check "an owner has a name" asks_lsa \
		"lookupsids S-1-22-1-0 S-1-22-2-4000000" 'S-1-22-1-0 Unix User\root (1)'
	check "an account has one, too" asks_lsa \
		"lookupsids S-1-22-1-20001" 'Unix User\tester (1)'
	check "well-known names are known" asks_lsa \
		"lookupsids S-1-1-0 S-1-5-32-544" 'BUILTIN\Administrators (4)'
	check "and SIDs of names" asks_lsa "lookupnames TESTER" "S-1-22-1-20001"
else
	skip "names of owners" "rpcclient is not installed"
fi

# ---- what others do beside us ----

# A client that watches hears of what a local program makes, once.
hears_of_local_changes() {
	timeout 20 stdbuf -oL smbclient //127.0.0.1/share -p "$PORT" \
		-U tester%Tester-1 -c "notify sub" >out/notify 2>&1 &
	local watcher=$!
	for _ in $(seq 80); do
		touch "$SCRATCH/tree/sub/made-by-a-neighbour"
		grep -q made-by-a-neighbour out/notify && break
		rm -f "$SCRATCH/tree/sub/made-by-a-neighbour"
		sleep 0.1
	done
	kill "$watcher"
	wait "$watcher"
	grep -q made-by-a-neighbour out/notify
}
check "a watch hears of local changes" hears_of_local_changes

check "it ends cleanly" gate_stop
if grep -qE 'ERROR: AddressSanitizer|runtime error|LeakSanitizer' "$SCRATCH/log"; then
	not_ok "no sanitizer report"
	grep -A 20 -E 'Sanitizer|runtime error' "$SCRATCH/log" | sed 's/^/#   /' | head -n 60
fi
tap_done

#!/usr/bin/env bash
# What clients have the server do inside a share, with smbclient: copies that
# never cross the wire, and previous versions.
SHARE_OPTIONS='snapshots = ".snap/%Y-%m-%d_%H%M%S";'
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

gate_start || exit 1
TREE=$SCRATCH/tree
cd "$SCRATCH" || exit 1

says() { # PATTERN COMMANDS
	smb "$2" 2>&1 | tee "$SCRATCH/.says" | grep -qE -- "$1" ||
		{ cat "$SCRATCH/.says"; return 1; }
}

# ---- copies ----

head -c 40000001 /dev/urandom >"$TREE/big"
: >"$TREE/empty"
chmod 666 "$TREE"/*
check "scopy of many chunks" smb "scopy big copy"
check "the copy is the same" cmp "$TREE/big" "$TREE/copy"
check "scopy of nothing" smb "scopy empty nothing"
check "it is empty" test -e "$TREE/nothing" -a ! -s "$TREE/nothing"
rm "$TREE/copy"

# ---- previous versions ----

mkdir -p "$TREE/.snap/2024-01-31_101112/d" "$TREE/.snap/2023-01-01_000000" "$TREE/d"
echo old >"$TREE/.snap/2024-01-31_101112/d/f"
echo new >"$TREE/d/f"
chmod -R a+rX "$TREE"
NOW='@GMT-2024.01.31-10.11.12'
check "a file's previous versions are told" says "$NOW" 'allinfo d\f'
check "the old one is read" smb "get $NOW\\d\\f old"
check "it is the old one" grep -qx old old
check "the new one is what it was" smb 'get d\f new'
check "it is the new one" grep -qx new new
check "the old directory is listed" says ' f +' "ls $NOW\\d\\*"
check "the past can't be changed" says 'ACCESS_DENIED' "put new $NOW\\d\\f"
check "nor deleted" says 'ACCESS_DENIED' "del $NOW\\d\\f"
check "a time without a snapshot is not there" says 'NOT_FOUND' 'get @GMT-2020.01.01-00.00.00\d\f x'

check "the server ends cleanly" gate_stop
tap_done

#!/usr/bin/env bash
# Security descriptors as clients set and see them, and what Linux sees of
# them: in an xattr, as POSIX ACLs, as mode bits.

# smbcacls knows no other port than 445: have one that is nobody else's.
if [ -z "${ACLS_ALONE:-}" ] && unshare -n ip link set lo up 2>/dev/null; then
	ACLS_ALONE=1 exec unshare -n "$BASH" "${BASH_SOURCE[0]}"
fi
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

if [ -z "${ACLS_ALONE:-}" ] || ! command -v smbcacls >/dev/null; then
	skip "descriptors" "needs root, network namespaces and smbcacls"
	tap_done
	exit
fi
ip link set lo up
gate_users
mkdir -p "$SCRATCH"/{xattr,posix,mode,state}
chmod 777 "$SCRATCH"/{xattr,posix,mode}
if ! setfattr -n user.t -v 1 "$SCRATCH/xattr" || ! setfacl -m u:0:r "$SCRATCH/posix"; then
	skip "descriptors" "no extended attributes or no ACLs here"
	tap_done
	exit
fi
setfacl -b "$SCRATCH/posix"
PORT=445
cat >"$SCRATCH/acls.conf" <<CONF
server = { listen = [ "127.0.0.1:$PORT" ]; state_dir = "$SCRATCH/state"; };
users_file = "$USERS";
shares = (
  { name = "xattr"; path = "$SCRATCH/xattr"; },
  { name = "posix"; path = "$SCRATCH/posix"; acl = "posix"; },
  { name = "mode"; path = "$SCRATCH/mode"; acl = "mode"; }
);
CONF
gate_start "$SCRATCH/acls.conf" || exit 1
cd "$SCRATCH" || exit 1
echo data >data
BEN=S-1-22-1-20002
as() { # USER%PASSWORD SHARE COMMANDS
	timeout 30 smbclient "//127.0.0.1/$2" -p "$PORT" -U "$1" -c "$3" 2>&1
}
cacls() { # SHARE FILE ARGUMENTS…
	local share=$1 file=$2
	shift 2
	timeout 30 smbcacls --numeric -U tester%Tester-1 \
		"//127.0.0.1/$share" "$file" "$@" 2>&1
}
has() { # PATTERN COMMAND…
	local pattern=$1
	shift
	"$@" | tee .has | grep -qE -- "$pattern" || { cat .has; return 1; }
}
lacks() {
	! has "$@" >/dev/null
}
gets() { as tester2%Tester-2 "$1" "get $2 got"; }
denied() { has ACCESS_DENIED as tester2%Tester-2 "$@"; }

for share in xattr posix mode; do
	as tester%Tester-1 $share 'put data f; mkdir d; put data keep' >/dev/null
	check "$share: a file shows its mode" has "ACL:S-1-1-0:0/0x0/0x00120089" cacls $share f
	check "$share: and who owns it" has 'OWNER:S-1-22-1-20001' cacls $share f
	check "$share: all may read it" gets $share f
	check "$share: a DACL can be set" cacls $share f --set "ACL:S-1-22-1-20001:ALLOWED/0/FULL"
	check "$share: nobody else may read it now" denied $share 'get f got'
	check "$share: nor in Linux" test "$(stat -c %a $share/f | tail -c 3)" = 00
done

for share in xattr posix; do
	check "$share: another user can be named" cacls $share f --add "ACL:$BEN:ALLOWED/0/READ"
	check "$share: and is told" has "ACL:$BEN:0/0x0/0x001200a9" cacls $share f
	check "$share: he may read it" gets $share f
	check "$share: but not write it" denied $share 'put data f'
	check "$share: Linux knows of him" has 'user:20002:r-x' getfacl -n $share/f
	check "$share: what is inherited can be set" \
		cacls $share d --set "ACL:S-1-22-1-20001:ALLOWED/OI|CI/FULL,ACL:$BEN:ALLOWED/OI|CI/READ"
	as tester%Tester-1 $share 'put data d\new; mkdir d\sub; put data d\sub\deep' >/dev/null
	check "$share: a new file has it" has "ACL:$BEN:0/" cacls $share 'd\new'
	check "$share: and one further down" has "ACL:$BEN:0/" cacls $share 'd\sub\deep'
	check "$share: he reads it" gets $share 'd\sub\deep'
	check "$share: and may not delete it" denied $share 'del d\sub\deep'
	check "$share: it is there still" test -e $share/d/sub/deep
done

# What only descriptors can say.
check "xattr: denials come first" cacls xattr keep \
	--set "ACL:S-1-22-1-20001:DENIED/0/D,ACL:S-1-1-0:ALLOWED/0/FULL"
check "xattr: they are kept as they were" has 'ACL:S-1-22-1-20001:1/0x0/0x00010000' cacls xattr keep
check "xattr: a change of mode ends it" chmod 640 xattr/keep
check "xattr: the mode is what is shown" lacks 'ACL:S-1-22-1-20001:1/0x0/0x00010000' cacls xattr keep
check "xattr: a list shows what it showed" has ' f  ' as tester%Tester-1 xattr ls

gate_stop
check "the server ended well" test $? -eq 0
tap_done

#!/usr/bin/env bash
# Who does what on disk: users with uids, a share's `as`, what others may not
# read, read-only shares, symlinks that lead out.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

if [ "$(id -u)" -ne 0 ]; then
	skip "identities" "needs root"
	tap_done
	exit
fi
gate_users
printf 'Owner-1\n' | "$SMBGATE" user --file "$USERS" add owner --stdin
mkdir -p "$SCRATCH"/{tree,owned,outside,state}
chmod 777 "$SCRATCH/tree"
chown 20007:20008 "$SCRATCH/owned"
chmod 700 "$SCRATCH/owned"
echo canary >"$SCRATCH/outside/secret"
chmod 644 "$SCRATCH/outside/secret"
ln -s ../outside "$SCRATCH/tree/out-dir"
ln -s ../outside/secret "$SCRATCH/tree/out-file"
ln -s /etc/passwd "$SCRATCH/tree/absolute"
ln -s /proc/self/root "$SCRATCH/tree/magic"
ln -s loop "$SCRATCH/tree/loop"
mkdir "$SCRATCH/tree/dir"
echo inside >"$SCRATCH/tree/dir/file"
ln -s dir/file "$SCRATCH/tree/in-file"
ln -s dir "$SCRATCH/tree/in-dir"
ln -s ../dir/file "$SCRATCH/tree/dir/up-file"
mkfifo "$SCRATCH/tree/fifo"
PORT=$(free_port)
cat >"$SCRATCH/id.conf" <<CONF
server = { listen = [ "127.0.0.1:$PORT" ]; state_dir = "$SCRATCH/state"; };
users_file = "$USERS";
shares = (
  { name = "share"; path = "$SCRATCH/tree"; },
  { name = "owned"; path = "$SCRATCH/owned"; },
  { name = "as"; path = "$SCRATCH/tree"; as = "20031:20032"; },
  { name = "ro"; path = "$SCRATCH/tree"; read_only = true; },
  { name = "mine"; path = "$SCRATCH/tree"; users = [ "tester" ]; },
  { name = "shown"; path = "$SCRATCH/tree"; symlinks = "show"; }
);
CONF
gate_start "$SCRATCH/id.conf" || exit 1
cd "$SCRATCH" || exit 1
echo data >data
as() { # USER%PASSWORD SHARE COMMANDS
	timeout 30 smbclient "//127.0.0.1/$2" -p "$PORT" -U "$1" -c "$3" 2>&1
}
gives() { # PATTERN USER%PASSWORD SHARE COMMANDS
	local pattern=$1
	shift
	as "$@" | tee "$SCRATCH/.gives" | grep -qE -- "$pattern" || { cat "$SCRATCH/.gives"; return 1; }
}
owner() { stat -c %u:%g "$1"; }

as tester%Tester-1 share 'put data one' >/dev/null
check "a file belongs to the user's uid" test "$(owner tree/one)" = 20001:20001
as tester%Tester-1 share 'mkdir d1' >/dev/null
check "a directory too" test "$(owner tree/d1)" = 20001:20001
chmod 600 tree/one
check "another user can't read it" gives ACCESS_DENIED tester2%Tester-2 share 'get one got'
check "nor write it" gives ACCESS_DENIED tester2%Tester-2 share 'put data one'
check "its owner can" as tester%Tester-1 share 'get one got'
check "a directory of somebody else's can't be written" gives 'ACCESS_DENIED|MEDIA' tester2%Tester-2 share 'put data d1/x'
check "a user without uid acts as the directory's owner" as owner%Owner-1 owned 'put data f'
check "… and files are the owner's" test "$(owner owned/f)" = 20007:20008
check "a user with a uid does not" gives 'ACCESS_DENIED' tester%Tester-1 owned 'ls'
as owner%Owner-1 as 'put data two' >/dev/null
check "a share's as" test "$(owner tree/two)" = 20031:20032
check "a read-only share can be read" as tester%Tester-1 ro 'ls; get one got2'
for c in 'put data x' 'mkdir x' 'del one' 'rename one three' 'rmdir d1' 'setmode one +h' 'hardlink one four'; do
	check "… and not: $c" gives 'ACCESS_DENIED|MEDIA_WRITE_PROTECTED' tester%Tester-1 ro "$c"
done
check "nothing changed" test -e tree/one -a -d tree/d1 -a ! -e tree/x
check "a share of some users" as tester%Tester-1 mine 'ls'
check "… refuses the others" gives ACCESS_DENIED tester2%Tester-2 mine 'ls'

check "a link inside the tree is followed" gives inside tester%Tester-1 share 'get in-file /dev/stdout'
check "… through a directory" gives inside tester%Tester-1 share 'get in-dir/file /dev/stdout'
check "… upwards, below the root" gives inside tester%Tester-1 share 'get dir/up-file /dev/stdout'
for l in out-file absolute magic/etc/passwd out-dir/secret loop; do
	check "a link out of it is not: $l" bash -c "! timeout 30 smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'get $l $SCRATCH/leak' 2>&1 | grep -q 'getting file.*of size' && ! grep -qs -e canary -e root: '$SCRATCH/leak'"
	rm -f "$SCRATCH/leak"
done
check "a tree with odd links can be listed" gives 'one' tester%Tester-1 share 'ls'
check "where links are shown they are not followed" bash -c "! timeout 30 smbclient //127.0.0.1/shown -p $PORT -U tester%Tester-1 -c 'get in-file -' 2>/dev/null | grep -q inside"
check "a FIFO does not hang the server" bash -c "timeout 20 smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'get fifo x'; test \$? -ne 124"
check "… which still answers" as tester%Tester-1 share 'ls'
for p in '..\outside\secret' 'dir\..\..\outside\secret' '.\one' 'a/../one'; do
	check "no way out by name: $p" bash -c "! timeout 30 smbclient //127.0.0.1/share -p $PORT -U tester%Tester-1 -c 'get \"$p\" $SCRATCH/leak' >/dev/null 2>&1 || ! grep -q canary '$SCRATCH/leak'"
done
check "it ends cleanly" gate_stop
tap_done

#!/usr/bin/env bash
# Programs that go wrong in every way that smbgate-faultfs knows: each share's
# client is answered within the share's time, with an error that says so or
# with the right bytes; other shares do not notice; and each share is well again
# when its program is. All cases run at once, each on a share of its own. So
# this is the test of fuse/fs/faultfs.c, too.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
. "$TOP/tests/lib/mounted.sh"

FAULTFS=$(dirname "$SMBGATE")/smbgate-faultfs
W=$SCRATCH/work
mkdir -p "$W/rules" "$W/said" "$SCRATCH/state" "$SCRATCH/plain"
chmod 777 "$SCRATCH/plain"
cd "$W" || exit 1
head -c 300000 /dev/urandom >file
cp file "$SCRATCH/plain/file"
gate_users

# NAME DOOR OUTCOME DO RULE: what is asked of the share (get, put, ls) when the
# rule begins, and how it is to come out: fails, works, either, or part of it.
cases="
error     direct fails  get open,read error EIO
nospace   direct fails  put write error ENOSPC
delay     direct works  get read,getattr delay 300ms
slow      direct fails  get read delay 3s
hang      direct fails  get read hang
hangname  direct fails  get lookup hang
hangput   direct fails  put create,mknod hang
hangls    direct either ls  readdir hang
one       direct works  get read hang name=another
stop      direct either get read stop times=1
crash     direct either get read crash times=1
crashput  direct either put write crash times=1
short     direct part   get read short
shortattr direct either get getattr,lookup short name=file
shortls   direct either ls  readdir short
length    direct either get read,lookup wrong length
unique    direct fails  get read wrong unique
stump     direct either get open,lookup wrong stump
long      direct either get getattr,open,lookup wrong long name=file
empty     direct either get lookup,getattr,read wrong empty name=file
badname   direct either ls  readdir wrong garbage
badattr   direct either get lookup,getattr wrong garbage name=file
noerror   direct either get open,lookup wrong error
twice     direct works  get lookup,getattr,open wrong twice name=file
badwrite  direct either put write wrong garbage
"
if [ -z "$(no_mounts)" ]; then
	cases+="
kerror    kernel fails  get open,read error EIO
kstop     kernel either get read stop times=1
kcrash    kernel either get read crash times=1
"
else
	skip "kernel" "$(no_mounts)"
fi
names=$(awk 'NF { print $1 }' <<<"$cases")

PORT=$(free_port)
{
	cat <<-CONF
		server = { listen = [ "127.0.0.1:$PORT" ]; state_dir = "$SCRATCH/state"; };
		users_file = "$USERS";
		shares = (
	CONF
	while read -r name door _; do
		[ -n "$name" ] || continue
		echo "  { name = \"$name\"; via = \"$door\"; timeout = \"1s\";
		    mount = [ \"$FAULTFS\", \"-f\", \"-o\", \"faults=$W/rules/$name\", \"{}\" ]; },"
	done <<<"$cases"
	echo "  { name = \"plain\"; path = \"$SCRATCH/plain\"; } );"
} >faulty.conf

on() { # SHARE SECONDS COMMANDS
	timeout "$2" smbclient "//127.0.0.1/$1" -p "$PORT" -U tester%Tester-1 -c "$3"
}
all() { # FUNCTION: for each case, at once
	local name
	for name in $names; do "$1" "$name" & jobs+=($!); done
	wait "${jobs[@]}"
	jobs=()
}
fill() { on "$1" 20 'put file file' >"$W/said/$1" 2>&1 || echo failed >"$W/said/$1.fill"; }
fault() { # what the client sees, and how long it took
	local began=$EPOCHREALTIME status want
	read -r _ _ _ want _ <<<"$(grep "^$1 " <<<"$cases")"
	case $want in
	get) on "$1" 20 "get file $W/said/$1.file" ;;
	put) on "$1" 20 'put file new' ;;
	ls) on "$1" 20 'ls' ;;
	esac >"$W/said/$1" 2>&1
	status=$?
	echo "$status $(((${EPOCHREALTIME/./} - ${began/./}) / 1000))" >"$W/said/$1.took"
}
again() { await 15 on "$1" 5 "put file again; get again $W/said/$1.again" || echo "not again" >>"$W/said/$1"; }
is_definite() { # NAME OUTCOME DO
	local status ms
	read -r status ms <"$W/said/$1.took"
	cat "$W/said/$1"
	echo "status $status after $ms ms"
	[ "$status" -ne 124 ] && [ "$ms" -lt 15000 ] || return 1
	case $2 in
	fails) grep -q NT_STATUS_ "$W/said/$1" ;;
	part) cmp -n "$(stat -c %s "$W/said/$1.file")" file "$W/said/$1.file" ;;
	works) [ "$status" -eq 0 ] && cmp file "$W/said/$1.file" ;;
	either) # nothing but the right bytes is taken for them
		grep -q NT_STATUS_ "$W/said/$1" || [ "$3" != get ] || cmp file "$W/said/$1.file"
		;;
	esac
}
jobs=()

check "serves them all" gate_start "$W/faulty.conf"
all fill
check "all work before" bash -c "! ls $W/said/*.fill"
while read -r name door outcome want rule; do
	[ -z "$name" ] || echo "$rule" >"$W/rules/$name"
done <<<"$cases"
(
	for _ in 1 2 3 4 5 6 7 8; do
		on plain "${SLOW:+1}5" "get file $W/said/plain.file" || echo late
		sleep 0.3
	done >"$W/said/plain" 2>&1
) &
plain=$!
all fault
while read -r name door outcome want rule; do
	[ -z "$name" ] || check "$door, $rule: $want, $outcome" is_definite "$name" "$outcome" "$want"
done <<<"$cases"
wait "$plain"
check "a share beside them does not notice" bash -c "! grep -E 'late|NT_STATUS' $W/said/plain"
check "and has the right bytes" cmp file "$W/said/plain.file"
rm "$W/rules/"*
all again
for name in $names; do
	check "$name: is well again" cmp file "$W/said/$name.again"
done
check "the server lives" kill -0 "$GATE_PID"
for name in $names; do echo '* hang' >"$W/rules/$name"; done
began=$SECONDS
check "ends while all of them hang" gate_stop
check "and does not take long" test $((SECONDS - began)) -le "${SLOW:+2}9"
check "nothing is left" await 5 bash -c "! pgrep -f '^$FAULTFS.*$W'"
tap_done

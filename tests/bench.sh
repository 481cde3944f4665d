#!/usr/bin/env bash
# What smbgate costs, beside smbd where that is installed: the load generator
# runs against both in alternation, on the same directory, in a network
# namespace of its own (reno does not pace), servers on one core, client on the
# other. Prints a Markdown table of medians and ratios, and what 8,000 sessions
# cost that do nothing (a worker takes 4,096 connections). Needs root.
#
# ROWS    words of the table below, or idle (default: all)
# ROUNDS  rounds a row (default 3)    SPAN  seconds a run (default 1)
# DOCS    if set: the table and its picture go to docs/
# IDLE    how many sessions (default 8000)
. "$(dirname "${BASH_SOURCE[0]}")/lib/tap.sh"

SUITE=${SUITE:-$TOP/../shared/bench}
[ -d "$SUITE" ] || { echo "there is no load generator beside this checkout" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "make bench needs root, for its network namespace" >&2; exit 1; }
ROUNDS=${ROUNDS:-3}
SPAN=${SPAN:-1}
# name | workload and options
TABLE='read-1M|seqread --size 1M --depth 4
read-64K|seqread --size 64K --depth 16
read-1M-gmac|seqread --size 1M --depth 4 --security sign --sign gmac
read-1M-cmac|seqread --size 1M --depth 4 --security sign --sign cmac
read-1M-gcm|seqread --size 1M --depth 4 --security seal
write-1M|seqwrite --size 1M --depth 4
write-1M-gmac|seqwrite --size 1M --depth 4 --security sign --sign gmac
write-1M-gcm|seqwrite --size 1M --depth 4 --security seal
randread-4K|randread --size 4K --depth 32
stat|stat --depth 8
open-close|open-close --depth 8
create|create --depth 8
readdir|readdir --depth 1
echo|echo --depth 8'

BUILD=$(dirname "$SMBGATE")
NS=smbgate-bench-$$
SMBD_PID=
# smbd's share: with its io_uring module where that is installed.
PEER_SHARE=shm-aio
for module in /usr/lib/*/samba/vfs/io_uring.so; do
	[ -e "$module" ] && PEER_SHARE=ext4
done
cleanup() {
	[ -z "$SMBD_PID" ] || kill "$SMBD_PID" 2>/dev/null
	tap_cleanup
	ip netns del "$NS" 2>/dev/null
}
trap cleanup EXIT
ip netns add "$NS" && ip -n "$NS" link set lo up
ip netns exec "$NS" sysctl -qw net.ipv4.tcp_congestion_control=reno
mkdir -p "$SCRATCH/bench" "$SCRATCH/tree" "$SCRATCH/state"
cp "$SUITE"/*.[ch] "$SUITE/Makefile" "$SCRATCH/bench/"
"$TOP/packaging/packages.sh" bench
make -s -C "$SCRATCH/bench" smbload || exit 1
chmod 777 "$SCRATCH/tree"
cores=$(nproc)
server_core=$((cores > 1 ? 1 : 0))

gate_users
cat >"$SCRATCH/bench.conf" <<CONF
server = { listen = [ "127.0.0.1:4461" ]; signing = "desired"; encryption = "desired";
           state_dir = "$SCRATCH/state";
           limits = { connections = 20000; per_address = 20000; }; };
users_file = "$USERS";
shares = ( { name = "share"; path = "$SCRATCH/tree"; } );
CONF
taskset -c "$server_core" ip netns exec "$NS" "$SMBGATE" serve --config "$SCRATCH/bench.conf" \
	--engine "$ENGINE" >"$SCRATCH/stdout" 2>>"$SCRATCH/log" &
GATE_PID=$!
for _ in $(seq 100); do
	grep -q ready "$SCRATCH/stdout" && break
	sleep 0.1
done

smbd=$(command -v smbd || echo /usr/sbin/smbd)
if [ -x "$smbd" ]; then
	D=$SCRATCH/smbd
	mkdir -p "$D"/{private,lock,state,cache,run,run/ncalrpc,log}
	getent passwd tester >/dev/null || useradd -M -u 20001 tester
	sed "s,@DIR@,$D,; s,@EXT4@,$SCRATCH/tree,; s,@TMPFS@,$SCRATCH/tree,; s,/usr/smbd,$smbd," \
		"$SUITE/smb.conf" | sed "s,@DIR@,$D,g" >"$D/smb.conf"
	printf 'Tester-1\nTester-1\n' | smbpasswd -c "$D/smb.conf" -s -a tester >/dev/null
	taskset -c "$server_core" ip netns exec "$NS" "$smbd" -F --no-process-group \
		-s "$D/smb.conf" >"$D/log/out" 2>&1 &
	SMBD_PID=$!
	sleep 2
fi

load() { ip netns exec "$NS" "$SCRATCH/bench/smbload" --user tester --pass Tester-1 "$@"; }
wanted() { [[ -z "${ROWS:-}" || " $ROWS " == *" $1 "* ]]; }
RESULTS=$SCRATCH/results
mkdir "$RESULTS"
ip netns exec "$NS" sysctl -qw net.ipv4.ip_local_port_range="1024 65000"

# idle COUNT: memory and CPU time of so many sessions that do nothing.
proc_ticks() { awk '{ print $14 + $15 }' "/proc/$GATE_PID/stat"; }
idle() {
	local before after ticks holder
	before=$(gate_rss)
	mkfifo "$SCRATCH/hold"
	ip netns exec "$NS" "$BUILD/tests/tools/idle" 4461 "$1" \
		<"$SCRATCH/hold" >"$SCRATCH/idle" 2>&1 &
	holder=$!
	exec 8>"$SCRATCH/hold"
	until grep -q sessions "$SCRATCH/idle"; do
		kill -0 "$holder" 2>/dev/null || { cat "$SCRATCH/idle"; return 1; }
		sleep 0.2
	done
	sleep 1
	after=$(gate_rss)
	ticks=$(proc_ticks)
	sleep 5
	ticks=$(($(proc_ticks) - ticks))
	exec 8>&-
	wait "$holder"
	echo "$1 idle sessions, each on a connection of its own: $(((after - before) / 1024)) MiB more" \
		"($(((after - before) * 1024 / $1)) bytes each), $((ticks * 1000 / $(getconf CLK_TCK))) ms of CPU in 5 s."
}

number=10
prepared=
while IFS='|' read -r name options; do
	wanted "$name" || continue
	if [ -z "$prepared" ]; then
		load --server 127.0.0.1:4461 --share share --file-size 256M --prepare \
			--seconds 0.1 mixed >/dev/null || exit 1
		prepared=1
	fi
	row=$RESULTS/$number.$name.row
	number=$((number + 1))
	# shellcheck disable=SC2086
	if [ -n "$SMBD_PID" ]; then
		load --server 127.0.0.1:4461 --share share --file-size 256M --server-pid "$GATE_PID" \
			--label smbgate --vs "127.0.0.1:4460,$SMBD_PID" --vs-label smbd \
			--vs-share "$PEER_SHARE" --rounds "$ROUNDS" --seconds "$SPAN" --cpu 0 $options
	else
		load --server 127.0.0.1:4461 --share share --file-size 256M --server-pid "$GATE_PID" \
			--label smbgate --seconds "$SPAN" --cpu 0 $options
	fi >"$row" 2>&1 || { echo "FAILED: $name" >&2; cat "$row" >&2; }
	echo "$name: $(tail -n 1 "$row")" >&2
done <<<"$TABLE"

title="smbgate beside smbd $("$smbd" --version 2>/dev/null | sed 's/^Version //'), medians of $ROUNDS rounds"
{
	echo "$title, engine $ENGINE, Linux $(uname -r), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)."
	echo
	python3 "$TOP/tests/tools/bench.py" "$RESULTS" "$title"
	echo
	wanted idle && idle "${IDLE:-8000}"
} | tee "$SCRATCH/results.md"
[ ! -s "$RESULTS/ratios.dat" ] || gnuplot "$RESULTS/ratios.gp" || exit 1
[ -z "${DOCS:-}" ] && exit 0
[ ! -s "$RESULTS/ratios.dat" ] || cp "$RESULTS/performance.svg" "$TOP/docs/performance.svg"
sed -i -e '/<!-- results -->/,/<!-- end results -->/{/<!-- /!d}' \
	-e "/<!-- results -->/r $SCRATCH/results.md" "$TOP/docs/performance.md"

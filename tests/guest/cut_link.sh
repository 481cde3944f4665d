# Runs in the virtual machine of tests/kernel.sh, with LINKS=2: a copy there and
# back, in the middle of which one of the two links is cut, and comes back.
# MIB: how much (default: 1024).
. "${GUEST:-/guest}/lib.sh"
MIB=${MIB:-1024}
PIECE=16 # MiB
want=${CHANNELS:-4}

[ -e /sys/class/net/eth1 ] || { skip "a link that is cut" "there is one only"; done_testing; }
cifs_mount /mnt2 nosharesock,echo_interval=3,hard || { not_ok "mount"; done_testing; }
trap 'ip link set eth1 up 2>/dev/null; cd /; umount /mnt2' EXIT
cd /mnt2 || exit 1

content() { seq 1 200000000 | head -c $((MIB * 1024 * 1024)); }
now() { cut -d' ' -f1 /proc/uptime; }
connections() { ss -tnH state established dport = :"$CIFS_PORT" | wc -l; }
all_up() {
	n=0
	while [ "$(connections)" -lt "$1" ] && [ $n -lt 60 ]; do sleep 1; n=$((n + 1)); done
	[ "$(connections)" -ge "$1" ] || { ss -tn; return 1; }
}
flap() { ip link set eth1 down; sleep 20; ip link set eth1 up; }
pieces() { # COMMAND: once a piece; the link is cut at the third of them
	i=0
	: >/tmp/took
	while [ $i -lt $((MIB / PIECE)) ]; do
		[ $i = $((MIB / PIECE / 3)) ] && { flap & }
		from=$(now)
		"$@" $i || return 1
		echo "$from $(now)" | awk '{ print $2 - $1 }' >>/tmp/took
		i=$((i + 1))
	done
}
write_piece() { dd of=copy bs=1M count=$PIECE iflag=fullblock oflag=append conv=notrunc,fsync status=none; }
read_piece() { dd if=copy bs=1M count=$PIECE skip=$(($1 * PIECE)) status=none; }
there() { content | pieces write_piece && wait; }
back() { pieces read_piece | sha256sum; wait; }
stall() { note "$1: longest piece of $PIECE MiB $(sort -n /tmp/took | tail -n 1) s, median $(sort -n /tmp/took | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }') s"; }

t "all channels are up" all_up "$((want * 2))"
sum=$(content | sha256sum)
t "$MIB MiB are written without an error, one link being cut" there
stall "write"
t "all channels are up again" all_up "$((want * 2))"
echo 3 >/proc/sys/vm/drop_caches
t "they are read back as they were, one link being cut" test "$(back)" = "$sum"
stall "read"
t "all channels are up once more" all_up "$((want * 2))"
note "channels by DebugData: $(cifs_channels)"
rm -f copy
done_testing

#!/usr/bin/env bash
# Changes that somebody makes behind a share, by the program that serves its
# files: what clients hear of them, and what they may keep. And programs that
# take their time to start, side by side (gateway/programs.c), or leave access
# by ACLs to us (gateway/store/direct_access.c).
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

python=python3
"$python" -c 'import impacket' 2>/dev/null || python=/usr/bin/python3
if ! "$python" -c 'import impacket' 2>/dev/null; then
	skip "news" "python3-impacket is not installed"
	tap_done
	exit
fi
gate_users
mkdir -p "$SCRATCH/state"

# heard NAME OPTIONS PROGRAM-WORDS CLIENT-WORDS: served and asked.
heard() {
	PORT=$(free_port)
	cat >"$SCRATCH/news.conf" <<-CONF
		server = { listen = [ "127.0.0.1:$PORT" ]; state_dir = "$SCRATCH/state"; log = { level = "debug"; }; };
		users_file = "$USERS";
		shares = ( { name = "share"; via = "direct"; $2
		  mount = [ "python3", "$TOP/tests/lib/newsfs.py", "$SCRATCH/pid", "{}" $3 ]; } );
	CONF
	check "$1: serves" gate_start "$SCRATCH/news.conf"
	# shellcheck disable=SC2086
	timeout 60 "$python" "$TOP/tests/gateway/news_client.py" "$PORT" "$(cat "$SCRATCH/pid")" $4 \
		>"$SCRATCH/said" 2>"$SCRATCH/err"
	while read -r result _ _ what; do
		case $result in
		ok) ok "$1: $what" ;;
		not) not_ok "$1: ${what#- }" ;;
		esac
	done < <(grep -E '^(not )?ok ' "$SCRATCH/said")
	check "$1: all was asked" bash -c "cat '$SCRATCH/err' '$SCRATCH/said'; grep -q '^1\.\.' '$SCRATCH/said'"
	check "$1: ends" gate_stop
}

# ---- several programs ----

slow() { # NAME: takes two seconds
	echo "{ name = \"$1\"; via = \"direct\"; mount = [ \"sh\", \"-c\"," \
		"\"sleep 2; exec python3 $TOP/tests/lib/newsfs.py $SCRATCH/pid-$1 \$0\", \"{}\" ]; }"
}
PORT=$(free_port)
cat >"$SCRATCH/slow.conf" <<-CONF
	server = { listen = [ "127.0.0.1:$PORT" ]; state_dir = "$SCRATCH/state"; };
	users_file = "$USERS";
	shares = ( $(slow one), $(slow two), $(slow three), $(slow four) );
CONF
began=$SECONDS
check "four slow programs: serves" gate_start "$SCRATCH/slow.conf"
check "four slow programs: side by side" test $((SECONDS - began)) -lt 7
for name in one two three four; do
	check "four slow programs: $name" smbclient "//127.0.0.1/$name" -p "$PORT" -U tester%Tester-1 -c "get a $SCRATCH/a"
done
check "four slow programs: end" gate_stop

# ---- ACLs ----

PORT=$(free_port)
cat >"$SCRATCH/acl.conf" <<-CONF
	server = { listen = [ "127.0.0.1:$PORT" ]; state_dir = "$SCRATCH/state"; };
	users_file = "$USERS";
	shares = ( { name = "share"; via = "direct"; mount = [ "python3", "$TOP/tests/lib/newsfs.py", "$SCRATCH/pid", "{}", "acl" ]; } );
CONF
check "ACLs: serves" gate_start "$SCRATCH/acl.conf"
get_a() { smbclient //127.0.0.1/share -p "$PORT" -U "$1" -c "get a $SCRATCH/a" 2>&1; }
if [ "$(id -u)" -eq 0 ]; then
	check "ACLs: who is named may" get_a tester%Tester-1
	check "ACLs: the mask is not the group's" bash -c "$(declare -f get_a); PORT=$PORT SCRATCH=$SCRATCH; get_a tester2%Tester-2 | grep -q ACCESS_DENIED"
fi
check "ACLs: end" gate_stop

# ---- what others change ----

heard "told" "" ', "tell"' ""
heard "kept, and told" "" ', "tell", "keep=3600"' ""
heard "looked for" 'poll_interval = "500ms";' "" ""
heard "not told" 'out_of_band = true;' "" uncached
tap_done

#!/usr/bin/env bash
# Changes that somebody makes behind a share, by the program that serves its
# files: what clients hear of them, and what they may keep.
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

heard "told" "" ', "tell"' ""
heard "kept, and told" "" ', "tell", "keep=3600"' ""
heard "looked for" 'poll_interval = "500ms";' "" ""
heard "not told" 'out_of_band = true;' "" uncached
tap_done

#!/usr/bin/env bash
# The conformance suite against smbgate: one smbtorture process a test, held
# against what Samba's own server passes. Prints the runner's report, ending
# with its PASS/BASELINE line.
#
# TESTS     patterns of the runner; default: everything in scope
# ENGINE    uring, plain or auto
# WORKERS   how many worker threads (default: as the program has it)
# SECURITY  plain (as negotiated), sign, seal or a list of these
# SCALE     factor on every time limit (sanitizers)
# RETRY     further tries of a test that failed (default 0)
# OPTIONS   smbtorture's --option= values; torture:use_iptables=yes has the
#           packets of a channel dropped, instead of asking the server to act
#           as if (root, iptables)
# OUT       directory that keeps results and logs
# BACKEND   a program that serves the share by FUSE, as mount = [ … ] has it, with
#           spaces between its words and @DIR@/share for the files' directory
# VIA       the door to it: direct, kernel or auto
# TAP=1     TAP lines instead of the report
#
# Where it may, it runs in a network of its own, on port 445: one test has that
# number written into it.
if [ -z "${PORT:-}" ] && unshare --net true 2>/dev/null; then
	export PORT=445
	exec unshare --net bash -c 'ip link set lo up && exec bash "$0"' "$0"
fi
. "$(dirname "${BASH_SOURCE[0]}")/lib/tap.sh"

SUITE=${SUITE:-$TOP/../shared/conformance}
if [ ! -x "$SUITE/torture" ]; then
	skip "conformance" "no conformance suite beside this checkout"
	tap_done
	exit
fi
OUT=${OUT:-$SCRATCH/out}
mkdir -p "$OUT"

# Its configuration is a contract with others: filled in, otherwise as it is.
PORT=${PORT:-$(free_port)}
mkdir -p "$SCRATCH"/{share,hideunread,noperm}
chmod 777 "$SCRATCH/share" "$SCRATCH/hideunread"
chmod 700 "$SCRATCH/noperm"
gate_users
sed -e "s,@PORT@,$PORT,; s,@DIR@,$SCRATCH,; s,@USERS@,$USERS," \
	${WORKERS:+-e "s,^server = {,&\n  workers = $WORKERS;,"} \
	"$SUITE/smbgate.conf.in" >"$SCRATCH/smbgate.conf"
if [ -n "${BACKEND:-}" ]; then
	# shellcheck disable=SC2086
	words=$(printf '"%s", ' ${BACKEND//@DIR@/$SCRATCH})
	sed -i "/name = \"share\"/s|path = [^;]*;|mount = [ ${words%, } ]; via = \"${VIA:-auto}\";|" \
		"$SCRATCH/smbgate.conf" && grep -q "mount = " "$SCRATCH/smbgate.conf" || exit 1
fi
gate_start "$SCRATCH/smbgate.conf" || exit 1

# known_failure TEST MODE: the reason why it is known to fail; empty if it is not.
known_failure() {
	awk -F'\t' -v test="$1" -v mode="$2" \
		'$1 == test && ($3 == "" || $3 == mode) { print $2 }' \
		"$TOP/tests/known-failures.tsv"
}

options=()
for option in ${OPTIONS:-}; do options+=(--option "$option"); done

failures=0
for security in ${SECURITY:-plain}; do
	case $security in
	plain) args= ;;
	sign) args=--arg=--client-protection=sign ;;
	seal) args=--arg=--client-protection=encrypt ;;
	*) echo "SECURITY is plain, sign or seal, not $security" >&2 && exit 2 ;;
	esac
	# shellcheck disable=SC2086
	"$SUITE/torture" -p "$PORT" -S share -U tester%Tester-1 \
		--user2 tester2%Tester-2 --clean --localdir "$SCRATCH/%s" \
		--timeout-scale "${SCALE:-1}" --retry "${RETRY:-0}" "${options[@]}" \
		-o "$OUT/$security.tsv" --logs "$OUT" $args \
		--baseline "$SUITE/baseline-samba-4.17.tsv" \
		${QUIET:+-q} ${TESTS:-} >"$OUT/$security.report" 2>"$OUT/$security.progress" ||
		failures=1
	if [ -n "${TAP:-}" ]; then
		while IFS=$'\t' read -r name outcome _ line; do
			known=$(known_failure "$name" "$security")
			case $outcome:$known in
			pass:) ok "$security $name" ;;
			pass:*) not_ok "$security $name # passes: take it out of known-failures.tsv" ;;
			skip:*) skip "$security $name" "${line:-by itself}" ;;
			*:) not_ok "$security $name # $outcome: $line" ;;
			*) skip "$security $name" "known failure: $known" ;;
			esac
		done < <(tail -n +2 "$OUT/$security.tsv")
	fi
done
if [ -n "${TAP:-}" ]; then
	check "the server ends cleanly" gate_stop
	tap_done
	exit
fi
gate_stop || { echo "the server ended with status $?" && failures=1; }
for security in ${SECURITY:-plain}; do
	echo "== $security, engine $ENGINE"
	cat "$OUT/$security.report"
done
exit $failures

#!/usr/bin/env bash
# All tests, in order of what breaks first: build, rules of the house, unit
# tests, the same under sanitizers, the fuzz corpus, the program with real
# clients on both engines, and a selection of the conformance suite. Each line
# of TAP counts; the last line is «N passed, N failed».
#
# CHECK  which stages to run (default: all of them), as words
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
skipped=0
JOBS=$(nproc)
BUILD=${BUILD:-build}
ASAN=$BUILD-asan
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=0:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
STAGES=${CHECK:-build arch units asan corpus program conformance kernel}
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT
started=$(date +%s)

# tap NAME COMMAND…: runs it, counts its TAP lines, shows what failed.
tap() {
	local name=$1 ok bad skip status log
	shift
	log=$OUT/$(echo "$name" | tr -c 'A-Za-z0-9\n' _)
	"$@" >"$log" 2>&1
	status=$?
	ok=$(grep -cE '^ok\b' "$log")
	bad=$(grep -cE '^not ok\b' "$log")
	skip=$(grep -ciE '^ok\b.*# *skip' "$log")
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1 # it died without saying which
	fi
	if [ "$((ok + bad))" -eq 0 ]; then
		bad=1 # a test that says nothing proves nothing
	fi
	passed=$((passed + ok - skip))
	skipped=$((skipped + skip))
	failed=$((failed + bad))
	printf '%-44s %4d ok %3d failed %3d skipped  %4d s\n' "$name" \
		"$((ok - skip))" "$bad" "$skip" "$(($(date +%s) - started))"
	if [ "$bad" -ne 0 ]; then
		grep -vE '^ok\b' "$log" | tail -n 60 | sed 's/^/    /'
	fi
}

# must NAME COMMAND…: one test: the command succeeds.
must() {
	local name=$1
	shift
	if "$@" >"$OUT/must" 2>&1; then
		passed=$((passed + 1))
		printf '%-44s    1 ok   0 failed   0 skipped  %4d s\n' "$name" \
			"$(($(date +%s) - started))"
	else
		failed=$((failed + 1))
		printf '%-44s    0 ok   1 failed\n' "$name"
		tail -n 40 "$OUT/must" | sed 's/^/    /'
		return 1
	fi
}

wants() { [[ " $STAGES " == *" $1 "* ]]; }

finish() {
	echo "$skipped skipped, $(($(date +%s) - started)) seconds"
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}

unit_tests() { # BUILD LABEL
	local t
	for t in $(find "$1/tests" -name 'test_*' -type f -perm -u+x | sort); do
		tap "${t#"$1"/tests/}$2" env CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 "$t"
	done
}

must "builds without a warning" make -s -j"$JOBS" BUILD="$BUILD" WERROR=1 all units replays || finish
wants arch && tap "rules of the house" env BUILD="$BUILD" tests/arch.sh
wants units && unit_tests "$BUILD" ""

if wants asan || wants corpus; then
	must "builds under ASan and UBSan" make -s -j"$JOBS" BUILD="$ASAN" \
		SAN=address,undefined OPT='-O1 -g' all units replays || finish
fi
wants asan && unit_tests "$ASAN" " (asan)"
if wants corpus; then
	for r in "$ASAN"/replay_*; do
		corpus=tests/fuzz/corpus/${r##*/replay_}
		must "corpus ${corpus##*/}" timeout 120 "$r" $(find "$corpus" -type f)
	done
fi

if wants program; then
	for t in tests/gateway/*.sh; do
		for engine in uring plain; do
			tap "${t##*/} ($engine)" env ENGINE=$engine \
				SMBGATE="$PWD/$BUILD/smbgate" timeout 600 bash "$t"
		done
		tap "${t##*/} (asan)" env ENGINE=auto SLOW=1 \
			SMBGATE="$PWD/$ASAN/smbgate" timeout 900 bash "$t"
	done
fi
if wants conformance; then
	for engine in uring plain; do
		tap "conformance, selection ($engine)" env ENGINE=$engine TAP=1 \
			TESTS="$(grep -v '^#' tests/conformance-selection.txt | paste -sd' ')" \
			SMBGATE="$PWD/$BUILD/smbgate" timeout 900 bash tests/conformance.sh
	done
fi
wants kernel && tap "the kernel's client" env SMBGATE="$PWD/$BUILD/smbgate" \
	timeout 900 bash tests/kernel.sh
finish

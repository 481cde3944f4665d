#!/usr/bin/env bash
# Each fuzz target for SECONDS_EACH seconds (TARGET chooses one), from the
# stored corpus. New inputs stay in build-fuzz/corpus; what made a target fail
# is printed and kept there.
set -eu
cd "$(dirname "$0")/../.."
make -s -j"$(nproc)" BUILD=build-fuzz CC=clang SAN=fuzzer-no-link,address,undefined \
	OPT='-O1 -g' fuzzers
status=0
for target in tests/fuzz/fuzz_${TARGET:-*}.c; do
	name=$(basename "$target" .c)
	name=${name#fuzz_}
	mkdir -p "build-fuzz/corpus/$name" "build-fuzz/findings/$name"
	echo "== $name, $SECONDS_EACH s"
	ASAN_OPTIONS=detect_leaks=1 "build-fuzz/fuzz_$name" \
		-max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="build-fuzz/findings/$name/" \
		"build-fuzz/corpus/$name" "tests/fuzz/corpus/$name" \
		>"build-fuzz/findings/$name.log" 2>&1 || status=1
	grep -E 'stat::number_of_executed_units|SUMMARY|Test unit written|ERROR' \
		"build-fuzz/findings/$name.log" || true
done
exit $status

#!/usr/bin/env bash
# The Linux kernel's own client (cifs.ko), in a small virtual machine, against
# smbgate on this machine.
#
# SCRIPTS  acceptance scripts to run (default: a short selection; «all»);
#          tests/guest/posix.sh wants OPTS=posix, tests/guest/cut_link.sh
#          LINKS=2
# OPTS     mount options
# LIMIT    seconds that it may take
# TREE     how many files a tree has that is read by hash first (default: none)
# LINKS    how many links the machine has to the server, which then runs in a
#          network namespace (root); default: none of its own
. "$(dirname "${BASH_SOURCE[0]}")/lib/tap.sh"

VM=${VM:-$TOP/../shared/vm/cifs-vm}
if [ ! -x "$VM" ]; then
	skip "the kernel's client" "no virtual machine beside this checkout"
elif ! command -v qemu-system-x86_64 >/dev/null; then
	skip "the kernel's client" "qemu is not installed (packaging/packages.sh vm)"
elif ! "$VM" build >"$SCRATCH/vm-build" 2>&1; then
	skip "the kernel's client" "its image can't be built: $(tail -n 1 "$SCRATCH/vm-build")"
else
	if [ -n "${LINKS:-}" ]; then
		mkdir "$SCRATCH/gate"
		export SMBGATE ENGINE GATE_DIR=$SCRATCH/gate
		server=(--server-cmd "$TOP/tests/lib/linked_gate.sh" --nics "$LINKS")
		SCRIPTS=${SCRIPTS:-70-multichannel}
	else
		gate_start || exit 1
		server=(--server-port "$PORT")
	fi
	if [ -n "${TREE:-}" ]; then
		mkdir "$SCRATCH/tree/tree"
		python3 "$TOP/tests/lib/make_tree.py" "$SCRATCH/tree/tree" "$TREE"
		truncate -s $((4 * 1024 * 1024 * 1024 - 3)) "$SCRATCH/tree/tree/sparse"
		printf end >>"$SCRATCH/tree/tree/sparse"
		SCRIPTS="$TOP/tests/guest/tree.sh ${SCRIPTS:-}"
	fi
	# shellcheck disable=SC2086
	"$VM" run "${server[@]}" --user tester --password Tester-1 \
		--share share ${LIMIT:+--timeout "$LIMIT" --test-timeout "$LIMIT"} ${OPTS:+--opts "$OPTS"} ${SCRIPTS:-10-basic} \
		>"$SCRATCH/vm" 2>&1
	status=$?
	while read -r word _ rest; do
		case $word in
		ok) case $rest in
			*'# SKIP'*) skip "${rest%%# SKIP*}" "${rest##*# SKIP }" ;;
			*) ok "$rest" ;;
			esac ;;
		not) not_ok "${rest#* }" ;;
		esac
	done < <(grep -aoE '(not )?ok [0-9]+ .*' "$SCRATCH/vm")
	if [ "$status" -ne 0 ]; then
		not_ok "the machine ended with status 0, not $status"
		tail -n 40 "$SCRATCH/vm" | sed 's/^/# /'
	fi
	[ -z "${OUT:-}" ] || cp "$SCRATCH/vm" "$OUT"
	if [ -z "${LINKS:-}" ]; then
		check "the server ends cleanly" gate_stop
	else
		check "the server leaves no connection" test \
			"$(grep -c ' connected$' "$GATE_DIR/log")" = \
			"$(grep -c ' closed$' "$GATE_DIR/log")"
	fi
fi
tap_done

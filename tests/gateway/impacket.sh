#!/usr/bin/env bash
# A client that shares no code with Samba.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

# The directory once more, with other options.
SHARE_OPTIONS="}, { name = \"reading\"; path = \"$SCRATCH/tree\"; read_only = true;"
gate_start || exit 1
python=python3
"$python" -c 'import impacket' 2>/dev/null || python=/usr/bin/python3
if ! "$python" -c 'import impacket' 2>/dev/null; then
	skip "impacket" "python3-impacket is not installed"
	tap_done
	exit
fi
"$python" "$TOP/tests/gateway/impacket_client.py" "$PORT" >"$SCRATCH/imp" 2>"$SCRATCH/imp.err"
grep -v '^1\.\.' "$SCRATCH/imp"
sed 's/^/# /' "$SCRATCH/imp.err" | tail -n 20
TAP_COUNT=$(grep -cE '^(not )?ok' "$SCRATCH/imp")
TAP_FAILED=$(grep -c '^not ok' "$SCRATCH/imp")
check "it ends cleanly" gate_stop
tap_done

#!/usr/bin/env bash
# Strangers on the port: what they send costs them their connection, and nobody
# else anything.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

gate_start || exit 1
smb ls >/dev/null || exit 1
python3 "$TOP/tests/gateway/badinput.py" "$PORT" "$GATE_PID" >"$SCRATCH/bad"
grep -v '^1\.\.' "$SCRATCH/bad"
TAP_COUNT=$(grep -cE '^(not )?ok' "$SCRATCH/bad")
TAP_FAILED=$(grep -c '^not ok' "$SCRATCH/bad")
check "a real client is served after it all" smb ls
check "it ends cleanly" gate_stop
tap_done

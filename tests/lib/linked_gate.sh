#!/usr/bin/env bash
# The server for a client with several links: run by cifs-vm in a network
# namespace that has an address a link (CIFS_VM_ADDRS). Every card is said to
# have RSS, so that clients open more than one connection to it.
#
# GATE_DIR  scratch directory; its tree/ is the share
set -e
interfaces=
for address in $CIFS_VM_ADDRS; do
	name=$(ip -o addr show | awk -v a="$address/" 'index($4, a) == 1 { print $2 }')
	interfaces="$interfaces${interfaces:+, }{ name = \"$name\"; rss = \"on\"; }"
done
mkdir -p "$GATE_DIR/tree" "$GATE_DIR/state"
chmod 777 "$GATE_DIR/tree"
printf '%s\n' "$CIFS_VM_PASSWORD" |
	"$SMBGATE" user --file "$GATE_DIR/users" add "$CIFS_VM_USER" --uid 20001 --stdin
cat >"$GATE_DIR/smbgate.conf" <<-CONF
	server = {
	  listen = [ "0.0.0.0:$CIFS_VM_PORT" ];
	  state_dir = "$GATE_DIR/state";
	  interfaces = ( $interfaces );
	};
	users_file = "$GATE_DIR/users";
	shares = ( { name = "$CIFS_VM_SHARE"; path = "$GATE_DIR/tree"; } );
CONF
exec "$SMBGATE" serve --config "$GATE_DIR/smbgate.conf" --engine "$ENGINE" 2>"$GATE_DIR/log"

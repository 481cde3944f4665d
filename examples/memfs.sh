#!/usr/bin/env bash
# memfs.sh SMBGATE [PORT]: exports a scratch space in memory, whose files go when
# nobody has changed them for a day, until Ctrl-C. smbgate-memfs is a FUSE
# program like any other (fuse/fs/ has its source, to begin one's own with):
# smbgate puts its side of a socket pair in the place of {}, so that nothing is
# mounted and no privilege is needed.
set -eu
smbgate=$1
port=${2:-1445}
exec "$smbgate" mount --share scratch --port "$port" --user demo -- \
	"$(dirname "$smbgate")/smbgate-memfs" -f -o size=2G,expire=86400 {}

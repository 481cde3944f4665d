#!/usr/bin/env bash
# demo.sh SMBGATE DIR [PORT]: makes a small tree in DIR and exports it, until
# Ctrl-C. The password is made up anew each time and printed.
set -eu
smbgate=$1
dir=$2
port=${3:-1445}
mkdir -p "$dir/Documents" "$dir/Photos/Summer"
[ -e "$dir/Welcome.txt" ] || cat >"$dir/Welcome.txt" <<'TEXT'
This directory is exported by smbgate. Whatever you put here from Windows,
macOS or Linux lies in the directory that you see in the terminal.
TEXT
printf 'Äpfel, çilek, яблоко, 苹果, 🍎\n' >"$dir/Documents/Fruit – ünïcödé 🍎.txt"
for month in June July August; do
	printf 'Notes of %s\n' "$month" >"$dir/Photos/Summer/$month.txt"
done
exec "$smbgate" export "$dir" --name demo --port "$port" --user demo

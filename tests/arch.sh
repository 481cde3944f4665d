#!/usr/bin/env bash
# The rules of the house that a script can check: the arrows of
# ARCHITECTURE.md, the errno/NTSTATUS border, co_ discipline, sizes, headers
# that stand alone, a test for each .c, and what libsmb.a may call. TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
CC=${CC:-gcc}
count=0
failed=0

verdict() { # NAME OFFENDERS
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		printf '%s\n' "$2" | head -n 40 | sed 's/^/#   /'
	fi
}

sources() { git ls-files -co --exclude-standard -- "$@" | grep -E '\.[ch]$'; }

# ---- arrows ----

# The table of ARCHITECTURE.md between the two marks: | `room/` | patterns |
arrows() {
	awk '/^<!-- arrows -->/ { on = 1; next } /^<!-- end arrows -->/ { on = 0 }
	     on && /^\| `/ { gsub(/`/, ""); split($0, f, "|");
	     gsub(/^ +| +$/, "", f[2]); gsub(/^ +| +$/, "", f[3]);
	     print f[2] "\t" f[3] }' ARCHITECTURE.md
}

room_files() { # ROOM
	case $1 in
	'gateway/*.c') sources gateway | grep -E '^gateway/[^/]+$' ;;
	*) sources "$1" ;;
	esac
}

offenders=$(
	arrows | while IFS=$'\t' read -r room allowed; do
		[ "$allowed" = everything ] && continue
		# Spaces separate patterns; a room may include itself.
		pattern=$(printf '%s\n' "$room" $allowed |
			sed 's/[.]/\\./g; s/\*/.*/g; s/^/^/' | paste -sd'|')
		for f in $(room_files "$room"); do
			grep -nE '^#include "' "$f" |
				sed -E 's/^([0-9]+):#include "([^"]*)".*/\1 \2/' |
				while read -r line include; do
					[[ $include =~ $pattern ]] ||
						echo "$f:$line includes $include"
				done
		done
	done
)
verdict "rooms include only down the arrows" "$offenders"
verdict "ARCHITECTURE.md holds the table of arrows" \
	"$([ "$(arrows | wc -l)" -ge 6 ] || echo 'fewer than 6 rows')"

verdict "every include of ours is written from the root" "$(
	sources smb fuse gateway tests | xargs grep -nE '^#include "' |
		grep -vE '#include "(smb|fuse|gateway|tests)/'
)"

# ---- the border ----

verdict "no errno in smb/" "$(
	sources smb | xargs grep -nwE 'errno|E(PERM|NOENT|IO|AGAIN|NOMEM|ACCES|EXIST|NOTDIR|ISDIR|INVAL|NOSPC|ROFS|CANCELED|TIMEDOUT|NODATA|RANGE|LOOP|XDEV|BUSY)'
)"
verdict "no errno in fsa/ outside status.c" "$(
	sources gateway/fsa | grep -v '^gateway/fsa/status\.c$' |
		xargs grep -nwE 'errno|E(PERM|IO|NOMEM|ACCES|NOSPC|ROFS|NODATA|NOTEMPTY)' |
		grep -vE ':[0-9]+:[[:space:]]*(/\*|\*)'
)"
verdict "no NT_STATUS below fsa/" "$(
	sources gateway/loop gateway/store fuse | xargs -r grep -n 'NT_STATUS_'
)"
verdict "secrets are compared in constant time: no memcmp where they are" "$(
	sources smb/sign.c smb/seal.c smb/gcm.c smb/gcm_ipsec_mb.c smb/cmac.c smb/auth/auth.c smb/auth/ntlm.c \
		smb/auth/ntlmv2.c | xargs grep -nE '\bmemcmp\('
)"

# ---- co_: a caller of one is one ----

verdict "only co_ functions call co_ functions" "$(
	for f in $(sources smb gateway fuse | grep '\.c$'); do
		awk -v file="$f" '
		# A function begins with a line in column 0 that opens a parameter
		# list; its name is the last word before the bracket.
		/^[A-Za-z_].*\(/ && !/;[ \t]*$/ && !/^(typedef|#)/ {
			head = $0; sub(/\(.*/, "", head); n = split(head, w, /[ *]+/)
			name = w[n]
		}
		/^{/ { inside = 1 }
		/^}/ { inside = 0 }
		{
			line = $0
			gsub(/"([^"\\]|\\.)*"/, "", line)
			sub(/\/\*.*/, "", line); sub(/^[ \t]*\*.*/, "", line)
		}
		inside && line ~ /(^|[^A-Za-z0-9_.>])([a-z0-9]+_)*co_[a-z0-9_]+\(/ &&
		name !~ /(^|_)co_/ { print file ":" FNR ": " name " calls a co_ function" }
		' "$f"
	done
)"

verdict "every verb of store.h goes by way of verbs.c" "$(
	for verb in $(grep -oE '\bstore_co_[a-z_]+\(' gateway/store/store.h | sort -u); do
		grep -qE "^[a-z0-9_]+ ${verb%?}\(" gateway/store/verbs.c ||
			echo "${verb%?} is not in gateway/store/verbs.c"
	done
)"

# ---- sizes ----

verdict "no file is over 700 lines" "$(
	sources smb fuse gateway tests | grep -v '_table\.' | xargs wc -l |
		awk '$2 != "total" && $1 > 700 { print $2 ": " $1 " lines" }'
)"
verdict "no function is over 70 lines" "$(
	for f in $(sources smb fuse gateway tests | grep '\.c$' | grep -v _table); do
		awk -v file="$f" '
		/^[A-Za-z_].*\(/ && !/;[ \t]*$/ { head = $0; at = FNR }
		/^{/ { from = FNR }
		/^}/ && from { if (FNR - from + 1 > 70)
			print file ":" from ": " FNR - from + 1 " lines: " head
			from = 0 }
		' "$f"
	done
)"

# ---- headers, tests, names ----

verdict "each header compiles alone" "$(
	for f in $(sources smb fuse gateway | grep '\.h$' | grep -v '_table\.h'); do
		# shellcheck disable=SC2086
		printf '#include "%s"\n' "$f" |
			$CC -std=gnu17 -D_GNU_SOURCE -DGW_VERSION='""' -I. -Wall -Wextra -Werror \
				-fsyntax-only -x c - 2>&1 | head -n 3
	done
)"
verdict "each .c has a test that names it" "$(
	for f in $(sources smb fuse gateway | grep '\.c$'); do
		base=$(basename "$f" .c)
		[ -e "tests/${f%/*}/test_$base.c" ] && continue
		[ -e "tests/$(echo "${f%/*}" | sed 's,^gateway/,,')/test_$base.c" ] && continue
		git grep -qE --untracked "\\b$base\\.c\\b" -- tests && continue
		echo "$f: no tests/…/test_$base.c, and no test names $base.c"
	done
)"
verdict "every public name carries its room's prefix" "$(
	for room in 'smb:smb_:nt_status|^wr_' loop:loop_: store:store_: fsa:fsa_: gw:gw_:main; do
		IFS=: read -r lib prefix other <<<"$room"
		[ -e "$BUILD/lib$lib.a" ] || continue
		nm -g --defined-only "$BUILD/lib$lib.a" 2>/dev/null |
			awk 'NF == 3 && $2 ~ /[TDRB]/ { print $3 }' | grep -vE '^_|^\.' |
			grep -vE "^$prefix${other:+|^$other}" | sed "s/^/lib$lib.a: /"
	done
)"
verdict "libsmb.a calls nothing but memory, strings, crypto and DER" "$(
	[ -e "$BUILD/libsmb.a" ] || exit 0
	nm -u "$BUILD/libsmb.a" | awk '$1 == "U" { print $2 }' | sort -u |
		grep -vE '^(smb_|wr_|nt_status_|gnutls_|(alloc|free|init)_mb_mgr|__cpu_|asn1_|u8_|u16_|mem|__mem|str|__str|malloc$|calloc$|aligned_alloc$|realloc$|reallocarray$|free$|explicit_bzero$|__explicit_bzero_chk$|qsort$|bsearch$|abort$|snprintf$|vsnprintf$|__v?snprintf_chk$|__assert_fail$|__stack_chk_fail$|_GLOBAL_OFFSET_TABLE_$|__asan|__ubsan|__tsan|__sanitizer|__ctype)'
)"
verdict "no mark of unfinished work" "$(
	sources smb fuse gateway | xargs grep -nE '\b(TODO|FIXME|XXX|HACK)\b|not implemented yet'
)"

echo "1..$count"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# Installs what is missing to build smbgate, to run its demo, or to test it:
#
#   packages.sh build | check | vm | bench
#
# Debian's names. As root with apt-get it installs; otherwise it says what to
# install and ends with 1. The lists here are the ones that the README, the
# package and CI mean.
set -eu

build="gcc make pkg-config libc6-dev linux-libc-dev liburing-dev libgnutls28-dev
	libconfig-dev libfuse3-dev libtasn1-6-dev libunistring-dev libjansson-dev
	uthash-dev"
# AES-GCM at less than half of the cost, on CPUs with VAES.
optional="libipsec-mb-dev"
run="smbclient"
check="$run git python3 python3-impacket samba-testsuite libcmocka-dev binutils
	clang libclang-rt-14-dev clang-format mandoc procps iproute2 attr acl openssl
	fuse3 bindfs mergerfs sshfs openssh-server"
bench="nettle-dev gnuplot-nox iproute2 python3"
vm="qemu-system-x86 cpio busybox-static xz-utils e2fsprogs"

case ${1:-} in
build) wanted=$build ;;
run) wanted="$build $run" ;;
check) wanted="$build $check" ;;
vm) wanted=$vm ;;
bench) wanted="$build $bench" ;;
*)
	echo "usage: $0 build | run | check | vm | bench" >&2
	exit 2
	;;
esac

missing=
for p in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null || true)
	[ "${state%% *}" = ii ] || missing="$missing $p"
done

# What only makes it faster is taken where it can be had, and never asked for.
take_optional() {
	[ "$wanted" = "$build" ] && [ "$(id -u)" -eq 0 ] || return 0
	command -v apt-get >/dev/null || return 0
	for p in $optional; do
		dpkg-query -W "$p" >/dev/null 2>&1 ||
			apt-get install -y -qq --no-install-recommends "$p" \
				>/dev/null 2>&1 || true
	done
}
if [ -z "$missing" ]; then
	take_optional
	exit 0
fi

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "smbgate needs packages that are not installed. On Debian:" >&2
	echo "    sudo apt-get install$missing" >&2
	exit 1
fi
echo "  APT    $missing"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } \
	>"$log" 2>&1; then
	tail -n 20 "$log" >&2
	rm -f "$log"
	exit 1
fi
rm -f "$log"
take_optional

# Runs in the virtual machine of tests/kernel.sh: all files of the tree that
# tests/lib/make_tree.py made on the server, by hash, through the kernel client.
. "${GUEST:-/guest}/lib.sh"
cd "$MNT/tree" || exit 1
t "all files are read by hash" sha256sum --check --quiet SHA256SUMS
t "and there is no other" sh -c 'test "$(find many names -type f | wc -l)" = "$(wc -l <SHA256SUMS)"'
t "a sparse file of 4 GiB has its size" sh -c 'test "$(stat -c %s sparse)" = 4294967296'
t "and its last bytes" sh -c 'test "$(tail -c 3 sparse)" = end'
done_testing

# Runs in the virtual machine of tests/kernel.sh, on a mount with the POSIX
# extensions: OPTS=posix SCRIPTS=tests/guest/posix.sh tests/kernel.sh
. "${GUEST:-/guest}/lib.sh"
umask 022

says() { # TEXT COMMAND…
	s_text=$1
	shift
	s_out=$("$@") && [ "$s_out" = "$s_text" ] || { echo "$s_out"; return 1; }
}
# Clients of that time take a new file's facts from elsewhere for a second.
listed() { # NAME: its mode, owner and group as the directory lists them
	ls -lan | awk -v name="$1" '$9 == name { print $1, $3, $4 }'
}
unlinked_while_open() {
	exec 9>open && echo one >&9 && rm open && ! [ -e open ] &&
		echo two >&9 && exec 9>&- && ! [ -e open ]
}
# As long as it is open, some clients take that handle for the name as well.
replaced_while_open() {
	echo longer >a && echo b >b && exec 8<b && mv -f a b &&
		[ "$(ls -l b | awk '{ print $5 }')" = 7 ] && [ "$(cat <&8)" = b ] &&
		exec 8<&- && sleep 2 && [ "$(cat b)" = longer ]
}
moved_while_open() {
	mkdir from && echo x >from/f && exec 7<from/f && mv from to &&
		[ "$(cat to/f)" = x ]
	status=$?
	exec 7<&-
	return $status
}

t "the mount has the extensions" grep -q ' /mnt cifs .*posix' /proc/mounts
t "names that Windows can't have" touch 'a:b*c?"<>|' 'dot.' 'end '
t "are there" test -e 'a:b*c?"<>|' -a -e 'dot.' -a -e 'end '
t "names in three cases" touch Case case CASE
t "are three files" sh -c 'test "$(ls -d [Cc][Aa][Ss][Ee] | wc -l)" = 3'
touch f && (umask 077 && echo x >private && mkdir closed)
sleep 2
t "a new file's mode and owner" says '-rw-r--r-- 20001 20001' listed f
t "by the umask" says '-rw------- 20001 20001' listed private
t "of a directory" says 'drwx------ 20001 20001' listed closed
t "a hard link" ln f g
t "counts" says 2 stat -c %h f
t "an open file is unlinked" unlinked_while_open
t "an open file is replaced" replaced_while_open
t "a directory moves around an open file" moved_while_open
t "blocks and files are counted" sh -c 'test "$(stat -fc %c .)" -gt 0 -a "$(stat -fc %b .)" -gt 0'
t "all goes" sh -c 'rm -r ./* && test -z "$(ls -A)"'
done_testing

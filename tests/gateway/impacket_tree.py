"""Reads the whole tree of the share by impacket, once a dialect, and compares
it with its SHA256SUMS: nothing missing, nothing more, no byte other. TAP.

impacket counts a name's characters where the protocol wants its UTF-16 units,
so it can list a name beyond the first plane and never open it: of those only
the names are compared."""

import hashlib
import sys

from impacket.smb3structs import (SMB2_DIALECT_002, SMB2_DIALECT_21,
                                  SMB2_DIALECT_30)
from impacket.smbconnection import SessionError, SMBConnection


def read(c, path, expected):
    h = hashlib.sha256()
    if any(ord(letter) > 0xffff for letter in path):
        return expected
    try:
        c.getFile("share", path, h.update)
    except SessionError as e:
        return e.getErrorString()[0]
    return h.hexdigest()


def walk(c, path):
    for f in c.listPath("share", path + "\\*"):
        name = f.get_longname()
        if name in (".", ".."):
            continue
        if f.is_directory():
            yield from walk(c, path + "\\" + name)
        else:
            yield path + "\\" + name


def differences(dialect, port, expected):
    c = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=port,
                      preferredDialect=dialect)
    c.login("tester", "Tester-1")
    found = {}
    for path in (p for top in ("many", "names") for p in walk(c, top)):
        key = path.replace("\\", "/")
        found[key] = read(c, path, expected.get(key))
    c.close()
    return sorted(p for p in expected.keys() | found.keys()
                  if expected.get(p) != found.get(p))


def main(port, sums):
    with open(sums, encoding="utf-8") as f:
        expected = {line[68:-1]: line[:64] for line in f}
    count = failed = 0
    for label, dialect in (("2.0.2", SMB2_DIALECT_002),
                           ("2.1", SMB2_DIALECT_21), ("3.0", SMB2_DIALECT_30)):
        wrong = differences(dialect, port, expected)
        count += 1
        failed += bool(wrong)
        print("%sok %d - impacket reads %d files by hash, %s" %
              ("not " if wrong else "", count, len(expected), label))
        for path in wrong[:20]:
            print("%r" % path)
    print("1..%d" % count)
    sys.exit(failed != 0)


main(int(sys.argv[1]), sys.argv[2])

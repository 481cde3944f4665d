"""impacket's SMB client, 2.0.2 to 3.0, signed as it likes; the shares by RPC.
Prints TAP."""

import hashlib
import io
import os
import sys

from impacket.smb3structs import (SMB2_DIALECT_002, SMB2_DIALECT_21,
                                  SMB2_DIALECT_30)
from impacket.smbconnection import SessionError, SMBConnection

FILE_DELETE = 0x10000
FILE_DELETE_ON_CLOSE = 0x1000
PORT = int(sys.argv[1])
count = 0
failed = 0


def check(name, fine):
    global count, failed
    count += 1
    failed += not fine
    print("%sok %d - %s" % ("" if fine else "not ", count, name), flush=True)


def refused(f, *args):
    try:
        f(*args)
    except SessionError as e:
        return e.getErrorString()[0]
    return "no error"


def session(dialect, user="tester", password="Tester-1"):
    c = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=PORT,
                      preferredDialect=dialect)
    c.login(user, password)
    return c


def whole(label, dialect):
    c = session(dialect)
    check(label + ": negotiated", c.getDialect() == dialect)
    shares = [s["shi1_netname"][:-1] for s in c.listShares()]
    check(label + ": shares listed", "share" in shares and "IPC$" in shares)
    base = "imp-" + label.replace(".", "")
    c.createDirectory("share", base)
    data = os.urandom(300001)
    c.putFile("share", base + "\\data.bin", io.BytesIO(data).read)
    back = io.BytesIO()
    c.getFile("share", base + "\\data.bin", back.write)
    check(label + ": what was written is read",
          hashlib.sha256(back.getvalue()).digest() ==
          hashlib.sha256(data).digest())
    names = [f.get_longname() for f in c.listPath("share", base + "\\*")]
    check(label + ": listed", sorted(names) == [".", "..", "data.bin"])
    c.rename("share", base + "\\data.bin", base + "\\d2.bin")
    check(label + ": a directory that is not empty stays",
          refused(c.deleteDirectory, "share", base) ==
          "STATUS_DIRECTORY_NOT_EMPTY")
    c.deleteFile("share", base + "\\d2.bin")
    check(label + ": deleted", refused(
        c.deleteFile, "share", base + "\\d2.bin") in
        ("STATUS_OBJECT_NAME_NOT_FOUND", "STATUS_NO_SUCH_FILE"))
    c.deleteDirectory("share", base)
    tid = c.connectTree("share")
    fid = c.createFile(tid, "open.txt")
    c.writeFile(tid, fid, b"0123456789", 0)
    check(label + ": read at an offset",
          c.readFile(tid, fid, 4, 3) == b"4567"[:0] or
          c.readFile(tid, fid, offset=4, bytesToRead=3) == b"456")
    c.closeFile(tid, fid)
    c.disconnectTree(tid)
    c.logoff()
    c.close()


def two_shares():
    writer, reader = session(SMB2_DIALECT_30), session(SMB2_DIALECT_30)
    tree, view = writer.connectTree("share"), reader.connectTree("reading")
    f = writer.createFile(tree, "both.txt", shareMode=1)
    check("a file that is being written is not shared by another share",
          refused(reader.openFile, view, "both.txt", 1, 1) ==
          "STATUS_SHARING_VIOLATION")
    g = reader.openFile(view, "both.txt", 1, 7)
    writer.writeFile(tree, f, b"abc", 0)
    check("what is written in one share is read in the other",
          reader.readFile(view, g, 0, 3) == b"abc")
    writer.closeFile(tree, f)
    f = writer.createFile(tree, "both.txt", FILE_DELETE, 7,
                          FILE_DELETE_ON_CLOSE, 1)
    writer.closeFile(tree, f)
    check("what is deleted in one share is not opened in the other",
          refused(reader.openFile, view, "both.txt", 1, 7) ==
          "STATUS_DELETE_PENDING")
    reader.closeFile(view, g)
    check("and goes with the last that has it open",
          refused(reader.openFile, view, "both.txt", 1, 7) ==
          "STATUS_OBJECT_NAME_NOT_FOUND")
    writer.close()
    reader.close()


for label, dialect in (("2.0.2", SMB2_DIALECT_002), ("2.1", SMB2_DIALECT_21),
                       ("3.0", SMB2_DIALECT_30)):
    try:
        whole(label, dialect)
    except Exception as e:
        check("%s: %s: %s" % (label, type(e).__name__, e), False)

try:
    two_shares()
except Exception as e:
    check("two shares: %s: %s" % (type(e).__name__, e), False)

check("a wrong password is refused", refused(
    session, SMB2_DIALECT_21, "tester", "wrong") == "STATUS_LOGON_FAILURE")
check("an unknown user is refused the same way", refused(
    session, SMB2_DIALECT_21, "nobody", "wrong") == "STATUS_LOGON_FAILURE")
print("1..%d" % count)
sys.exit(failed != 0)

"""What a client of a share hears of changes that others make behind the share:
news_client.py PORT PID [WORD…]. PID is that of newsfs.py, which makes them when
it is told. WORD "uncached": nothing may be cached there. Prints TAP."""

import os
import signal
import socket
import struct
import sys
import time

from impacket import smb3
from impacket.smb3structs import (SMB2_CHANGE_NOTIFY, SMB2_CREATE,
                                  SMB2_DIALECT_30, SMB2_READ, SMB2ChangeNotify,
                                  SMB2Create, SMB2Create_Response,
                                  SMB2Negotiate, SMB2Read, SMB2Read_Response)
from impacket.smbconnection import SMBConnection

PORT, PID = int(sys.argv[1]), int(sys.argv[2])
WORDS = sys.argv[3:]
NOBODY = 0xffffffffffffffff  # the message id of what the server says unasked
READ, ALL_SHARED, OPEN_IF_THERE, DIRECTORY = 0x1, 0x7, 0x1, 0x1
LEASE_READ, LEASE_HANDLE = 0x1, 0x2
LEASE = 0xff
KEYS = {"a": b"file's lease key", "": b"directory's key!"}
count = 0
failed = 0


class Negotiate(SMB2Negotiate):
    """One who wants leases on directories, too."""

    def getData(self):
        self["Capabilities"] |= 0x20
        return super().getData()


smb3.SMB2Negotiate = Negotiate


def check(name, fine):
    global count, failed
    count += 1
    failed += not fine
    print("%sok %d - %s" % ("" if fine else "not ", count, name), flush=True)


class Client:
    def __init__(self):
        c = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=PORT,
                          preferredDialect=SMB2_DIALECT_30, timeout=8)
        c.login("tester", "Tester-1")
        self.smb, self.tid = c.getSMBServer(), c.connectTree("share")
        self.connection = c

    def send(self, command, data):
        packet = self.smb.SMB_PACKET()
        packet["Command"], packet["TreeID"], packet["Data"] = command, self.tid, data
        return self.smb.sendSMB(packet)

    def open(self, name):
        """With a lease on what may be read and kept open: id, what is had."""
        context = (struct.pack("<IHHHHI", 0, 16, 4, 0, 24, 52) + b"RqLs" + bytes(4) +
                   struct.pack("<16sIIQ16sHH", KEYS[name], LEASE_READ | LEASE_HANDLE, 0, 0, b"", 0, 0))
        raw = name.encode("utf-16le")
        create = SMB2Create()
        create["RequestedOplockLevel"], create["ImpersonationLevel"] = LEASE, 2
        create["DesiredAccess"], create["ShareAccess"] = READ | 0x80, ALL_SHARED
        create["CreateDisposition"] = OPEN_IF_THERE
        create["CreateOptions"] = 0 if name else DIRECTORY
        create["NameLength"] = len(raw)
        raw += bytes(-len(raw) % 8 or 8)
        create["CreateContextsOffset"] = 64 + 56 + len(raw)
        create["CreateContextsLength"] = len(context)
        create["Buffer"] = raw + context
        answer = self.smb.recvSMB(self.send(SMB2_CREATE, create))
        r = SMB2Create_Response(answer["Data"])
        at = answer["Data"].find(KEYS[name])
        had = struct.unpack_from("<I", answer["Data"], at + 16)[0] if at > 0 else 0
        return r["FileID"].getData(), had

    def read(self, fid):
        ask = SMB2Read()
        ask["Padding"], ask["FileID"], ask["Length"] = 0x50, fid, 100
        return SMB2Read_Response(self.smb.recvSMB(self.send(SMB2_READ, ask))["Data"])["Buffer"]

    def watch(self, fid):
        ask = SMB2ChangeNotify()
        ask["OutputBufferLength"], ask["FileID"], ask["CompletionFilter"] = 4096, fid, 0x11f
        return self.send(SMB2_CHANGE_NOTIFY, ask)

    def told(self, mid):
        """Of the first change: its action and its name."""
        data = self.smb.recvSMB(mid)["Data"]
        action, length = struct.unpack_from("<II", data, 8 + 4)
        return action, data[20:20 + length].decode("utf-16le")

    def lost(self, name):
        """What is left of the lease that the server takes away."""
        data = self.smb.recvSMB(NOBODY)["Data"]
        self.smb._Connection["SequenceWindow"] += 1  # impacket took one off for it
        return struct.unpack_from("<I", data, 28)[0] if KEYS[name] in data else None


def attempt(f, *args):
    try:
        return f(*args)
    except (socket.timeout, TimeoutError) as e:
        return e
    except Exception as e:
        print("# %s: %r" % (f.__name__, e))
        return e


def do(number):
    time.sleep(0.3)  # what the server did itself is behind it
    os.kill(PID, number)


def uncached():
    c = Client()
    check("no lease on a file", c.open("a")[1] == 0)
    check("none on a directory", c.open("")[1] == 0)


def told():
    c = Client()
    file, had = c.open("a")
    check("a lease on a file", had == LEASE_READ | LEASE_HANDLE)
    check("its bytes", c.read(file) == b"hello\n")
    do(signal.SIGUSR2)
    left = attempt(c.lost, "a")
    check("written by others: nothing may be kept of it", left == 0)
    check("written by others: its bytes now", c.read(file) == b"HELLO, others\n")
    c = Client()
    root, had = c.open("")
    check("a lease on a directory", had & LEASE_READ)
    mid = c.watch(root)
    do(signal.SIGUSR1)
    check("a new name: the list may not be kept", attempt(c.lost, "") == 0)
    check("a new name: it is told", attempt(c.told, mid) == (1, "came"))
    mid = c.watch(root)
    do(signal.SIGHUP)
    check("a name that went: it is told", attempt(c.told, mid) == (2, "a"))


uncached() if "uncached" in WORDS else told()
print("1..%d" % count)
sys.exit(failed > 0)

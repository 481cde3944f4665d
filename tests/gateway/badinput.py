"""Bad input over TCP: each function is a test, run by badinput.sh with the port
of a server that it may hurt if it can. Prints TAP."""

import os
import socket
import struct
import sys
import time

PORT = int(sys.argv[1])
PID = int(sys.argv[2])
count = 0
failed = 0


def connect(timeout=5.0):
    s = socket.create_connection(("127.0.0.1", PORT), timeout)
    s.settimeout(timeout)
    return s


def negotiate(dialects=(0x0202, 0x0210, 0x0300, 0x0302)):
    header = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0, 0, 1, 0, 0,
                         0, 0xFEFF, 0, 0, bytes(16))
    body = struct.pack("<HHHHI16sQ", 36, len(dialects), 1, 0, 0,
                       os.urandom(16), 0)
    body += struct.pack("<%dH" % len(dialects), *dialects)
    return frame(header + body)


def frame(message):
    return struct.pack(">I", len(message)) + message


def receive(s):
    """One message, or b'' if the server closed."""
    data = b""
    try:
        while len(data) < 4 or len(data) < 4 + struct.unpack(">I", data[:4])[0]:
            chunk = s.recv(65536)
            if not chunk:
                return b""
            data += chunk
    except ConnectionError:
        return b""
    return data[4:]


def answers():
    """A second client is served."""
    with connect() as s:
        s.sendall(negotiate())
        return receive(s)[:4] == b"\xfeSMB"


def closed(s, within=5.0):
    s.settimeout(within)
    try:
        while True:
            if not s.recv(65536):
                return True
    except ConnectionError:
        return True
    except socket.timeout:
        return False


def rss():
    with open("/proc/%d/status" % PID) as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def descriptors():
    return len(os.listdir("/proc/%d/fd" % PID))


def settled(was, within=15.0, slack=3):
    """The number of descriptors returns to what it was."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if descriptors() <= was + slack:
            return True
        time.sleep(0.1)
    return False


def check(name, fine):
    global count, failed
    count += 1
    if not fine:
        failed += 1
    print("%sok %d - %s" % ("" if fine else "not ", count, name), flush=True)


def half_open():
    """Connections that say nothing, or half a header, hold nobody up."""
    held = []
    for part in (b"", b"\0", b"\0\0\0", b"\0\0\0\xff", b"\0\0\0\xff\xfeSMB"):
        s = connect()
        s.sendall(part)
        held.append(s)
    check("a half-open connection leaves others served", answers())
    for s in held:
        s.close()


def huge_first_frame():
    before = rss()
    for first in (b"\0\xff\xff\xff", b"\0\x02\0\0", b"\0\x01\0\1"):
        with connect() as s:
            s.sendall(first + b"\xfeSMB" + bytes(4096))
            check("a first frame of %d bytes is refused"
                  % int.from_bytes(first[1:], "big"), closed(s))
    check("its length was never allocated", rss() - before < 8192)
    check("a second client is served after it", answers())


def odd_prefixes():
    for first in (b"\x81\0\0D", b"\xffSMB", b"GET / HTTP/1.1\r\n\r\n",
                  b"\x16\x03\x01\x02\0\x01", b"\0\0\0\0", b"\0\0\0\x10" + bytes(16),
                  frame(b"\xfdSMB" + bytes(60)), frame(b"\xfcSMB" + bytes(60)),
                  frame(b"\xfeSMB" + bytes(60)), frame(bytes(64)),
                  frame(b"\xffSMB" + bytes(4)),
                  frame(b"\xffSMBr" + bytes(27) + b"\0\x0c\0\x02NT LM 0.12\0")):
        with connect() as s:
            try:
                s.sendall(first)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was faster
            check("ended: %r" % first[:12], closed(s))
    check("served after all of them", answers())


def cut_at_every_byte():
    whole = negotiate()
    for n in range(len(whole)):
        with connect() as s:
            s.sendall(whole[:n])
    good = 0
    for n in range(1, len(whole)):
        with connect() as s:
            s.sendall(whole[:n])
            time.sleep(0.002)
            s.sendall(whole[n:])
            good += receive(s)[:4] == b"\xfeSMB"
    check("a frame cut at every byte is put together", good == len(whole) - 1)
    with connect() as s:
        for b in whole:
            s.sendall(bytes([b]))
        check("byte by byte", receive(s)[:4] == b"\xfeSMB")


def second_negotiate():
    with connect() as s:
        s.sendall(negotiate())
        receive(s)
        again = bytearray(negotiate())
        again[4 + 24] = 1
        s.sendall(bytes(again))
        check("a second NEGOTIATE ends the connection", closed(s))


def flipped_bits():
    """Each bit of a NEGOTIATE flipped: an answer or an end, never a hang."""
    whole = negotiate()
    hung = 0
    for bit in range(4 * 8, len(whole) * 8, 3):
        bent = bytearray(whole)
        bent[bit // 8] ^= 1 << bit % 8
        with connect(3) as s:
            try:
                s.sendall(bytes(bent))
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            hung += not closed(s, 3)
    check("a NEGOTIATE with any bit flipped never hangs", hung == 0)
    check("served after them", answers())


def flood():
    was = descriptors()
    before = rss()
    for _ in range(4):
        held = []
        for _ in range(300):
            try:
                held.append(connect(1))
            except OSError:
                break
        for s in held:
            try:
                s.send(b"\0\0\0\x80")
            except OSError:
                pass
        for s in held:
            s.close()
    check("after a flood of connections another is served", eventually(answers))
    check("their descriptors are gone", settled(was))
    check("and their memory", rss() - before < 16 * 1024)


def churn():
    was = descriptors()
    for i in range(2000):
        s = connect()
        if i % 2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
        s.close()
    check("2000 connects and resets leave nothing", settled(was))
    check("served after the churn", eventually(answers))


def eventually(f, within=10.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if f():
                return True
        except OSError:
            pass
        time.sleep(0.2)
    return False


def slow_reader():
    """A client that asks and never reads does not make the server grow."""
    before = rss()
    with connect() as s:
        s.sendall(negotiate())
        receive(s)
        s.settimeout(0.2)
        echo = bytearray(frame(struct.pack(
            "<4sHHIHHIIQIIQ16sHH", b"\xfeSMB", 64, 1, 0, 13, 1, 0, 0, 1, 0, 0,
            0, bytes(16), 4, 0)))
        try:
            for mid in range(1, 200000):
                struct.pack_into("<Q", echo, 4 + 24, mid)
                s.sendall(echo)
        except (OSError, socket.timeout):
            pass
    check("memory is bounded", rss() - before < 64 * 1024)
    check("served after a client that never read", eventually(answers))


for test in (half_open, huge_first_frame, odd_prefixes, cut_at_every_byte,
             second_negotiate, flipped_bits, slow_reader, churn, flood):
    try:
        test()
    except OSError as e:
        check("%s: %s" % (test.__name__, e), False)
print("1..%d" % count)
sys.exit(failed != 0)

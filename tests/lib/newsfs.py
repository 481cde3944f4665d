"""A file system of one directory in which somebody else makes changes:
newsfs.py PIDFILE /dev/fd/N [WORD]. It takes the number of a socket, as programs
with libfuse do. USR1: there is a file called "came" as well; USR2: the file "a"
has other bytes; HUP: "a" is gone. Its kernel is told so, if WORD is "tell".
WORD "keep=SECONDS": names and facts may be kept so long; "acl": its kernel looks
at ACLs, and that of "a" lets user 20001 read it, but not its group 20002."""
import os, signal, struct, sys, time

fd = int(sys.argv[2].rsplit("/", 1)[1])
tells = "tell" in sys.argv[3:]
has_acl = "acl" in sys.argv[3:]
keep = max([int(w[5:]) for w in sys.argv[3:] if w.startswith("keep=")] + [0])
names = ["a"]
data = {2: b"hello\n", 3: b"hello\n"}  # by node
ROOT, FIRST = 1, 2
ENOENT, ENOSYS, ENODATA = -2, -38, -61
LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, INIT = 1, 2, 3, 14, 15, 18, 26
GETXATTR, LISTXATTR, POSIX_ACL, GROUP = 22, 23, 1 << 20, 20002
OPENDIR, READDIR, RELEASEDIR, INTERRUPT, DESTROY, BATCH_FORGET = 27, 28, 29, 36, 38, 42
INVAL_INODE, INVAL_ENTRY = 2, 3
NODES = {"a": 2, "came": 3}
changed_ns = {node: time.time_ns() for node in (ROOT, 2, 3)}


def attr(node):
    mode, size = (0o40777, 0) if node == ROOT else (0o100666, len(data[node]))
    if has_acl and node != ROOT:
        mode = 0o100640  # of the group's, what the mask allows
    s, ns = divmod(changed_ns[node], 10**9)
    return struct.pack("<6Q10I", node, size, 1, s, s, s, ns, ns, ns, mode, 1, 0, has_acl * GROUP, 0, 4096, 0)


def entry(node):
    return struct.pack("<4Q2I", node, 0, keep, keep, 0, 0) + attr(node)


def listing(offset):
    out = b""
    for i, name in enumerate([".", ".."] + names):
        if i >= offset:
            raw = name.encode()
            one = struct.pack("<QQII", i + 1, i + 1, len(raw), 4 if i < 2 else 8) + raw
            out += one + b"\0" * (-len(one) % 8)
    return out


def acl_of(node, body):
    if node == ROOT or body[8:-1] != b"system.posix_acl_access":
        return ENODATA, b""
    entries = ((1, 6, -1), (2, 4, 20001), (4, 0, -1), (16, 4, -1), (32, 0, -1))
    return 0, struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in entries)


def answer(opcode, node, body):
    if opcode == INIT:
        return 0, struct.pack("<4IHHI", 7, 13, 65536, has_acl * POSIX_ACL, 8, 8, 65536)
    if opcode == LOOKUP:
        name = body[:-1].decode()
        return (0, entry(NODES[name])) if name in names else (ENOENT, b"")
    if opcode == GETATTR:
        return 0, struct.pack("<QII", keep, 0, 0) + attr(node)
    if opcode == GETXATTR and has_acl:
        return acl_of(node, body)
    if opcode == LISTXATTR and has_acl:
        return 0, b"" if struct.unpack_from("<I", body)[0] else struct.pack("<II", 0, 0)
    if opcode in (OPEN, OPENDIR):
        return 0, struct.pack("<QII", 0, 0, 0)
    if opcode == READ:
        _, offset, size = struct.unpack_from("<QQI", body)
        return 0, data[node][offset:offset + size]
    if opcode == READDIR:
        return 0, listing(struct.unpack_from("<QQ", body)[1])
    return (0, b"") if opcode in (RELEASE, RELEASEDIR) else (ENOSYS, b"")


def send(unique, error, body):
    os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


def tell(code, body):
    if tells:
        send(0, code, body)


def change(node):
    changed_ns[node] = time.time_ns()


def came(*_):
    names.append("came")
    change(ROOT)
    tell(INVAL_ENTRY, struct.pack("<QII", ROOT, 4, 0) + b"came\0")


def written(*_):
    data[2] = b"HELLO, others\n"
    change(2)
    tell(INVAL_INODE, struct.pack("<Qqq", 2, 0, 0))


def gone(*_):
    names.remove("a")
    change(ROOT)
    tell(INVAL_ENTRY, struct.pack("<QII", ROOT, 1, 0) + b"a\0")


for number, handler in ((signal.SIGUSR1, came), (signal.SIGUSR2, written), (signal.SIGHUP, gone)):
    signal.signal(number, handler)
with open(sys.argv[1], "w") as f:
    f.write(str(os.getpid()))
while message := os.read(fd, 1 << 20):
    _, opcode, unique, node = struct.unpack_from("<IIQQ", message)
    if opcode == DESTROY:
        break
    if opcode not in (FORGET, BATCH_FORGET, INTERRUPT):
        send(unique, *answer(opcode, node, message[40:]))

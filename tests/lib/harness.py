# SPDX-License-Identifier: ISC
"""What the tests of the running server share.

TAP output; one instance of the server (started with etc/quickstart, or one that
runs already, named by the environment); a raw IMAP client that shows every byte
it got; an LMTP client; the process tree from /proc.

Environment of a running instance: POSTERN_HOST, POSTERN_IMAP, POSTERN_IMAPS,
POSTERN_LMTP (ports), POSTERN_CA, POSTERN_DIR (state and log), POSTERN_BIN (the
programs). Users exist as t000 … t299 and
fix@mail.example, password "secret".
"""
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PASSWORD = "secret"
TIMEOUT = float(os.environ.get("POSTERN_TIMEOUT", "10"))


class Tap:
    """Counts and prints results; the plan comes last."""

    def __init__(self, name=""):
        self.n = 0
        self.failed = 0
        self.name = name

    def ok(self, good, what, detail=None):
        self.n += 1
        print("%s %d - %s" % ("ok" if good else "not ok", self.n, what))
        if not good:
            self.failed += 1
            if detail:
                self.note(detail)
        sys.stdout.flush()
        return bool(good)

    def is_(self, got, want, what):
        return self.ok(got == want, what, "got:  %r\nwant: %r" % (got, want))

    def skip(self, what, why):
        self.n += 1
        print("ok %d - %s # SKIP %s" % (self.n, what, why))
        sys.stdout.flush()

    def note(self, text):
        for line in str(text).splitlines():
            print("# " + line)
        sys.stdout.flush()

    def run(self, what, fn, *args):
        """A test that fails by raising."""
        try:
            r = fn(*args)
        except Skip as e:
            self.skip(what, str(e))
            return False
        except Exception as e:  # noqa: any failure is a failed test
            return self.ok(False, what, "".join(
                traceback.format_exception(type(e), e, e.__traceback__)[-4:]))
        return self.ok(r is not False, what)

    def done(self):
        print("1..%d" % self.n)
        sys.stdout.flush()
        sys.exit(1 if self.failed else 0)


class Skip(Exception):
    pass


def check(good, text="check failed"):
    if not good:
        raise AssertionError(text)


def free_ports(n):
    """n ports nobody listens on now, below the range of outgoing connections."""
    got = []
    port = 20000 + (os.getpid() * 7) % 9000
    while len(got) < n:
        port += 1
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        got.append(port)
    return got


def users_file(path, n=300):
    with open(path, "w") as f:
        for i in range(n):
            f.write("t%03d:{PLAIN}%s\n" % (i, PASSWORD))
        f.write("fix@mail.example:{PLAIN}%s\n" % PASSWORD)


class Instance:
    """One running server."""

    def __init__(self, host, imap, imaps, lmtp, ca, dir=None, bin=None):
        self.host, self.imap, self.imaps, self.lmtp = host, imap, imaps, lmtp
        self.ca, self.dir, self.bin = ca, dir, bin
        self.owned = False
        self.config = None

    @classmethod
    def from_env(cls):
        e = os.environ
        return cls(e.get("POSTERN_HOST", "127.0.0.1"), int(e["POSTERN_IMAP"]),
                   int(e["POSTERN_IMAPS"]), int(e["POSTERN_LMTP"]),
                   e["POSTERN_CA"], e.get("POSTERN_DIR"), e.get("POSTERN_BIN"))

    @classmethod
    def get(cls, **kw):
        """The one of the environment, else a new one."""
        if "POSTERN_IMAP" in os.environ:
            return cls.from_env()
        return cls.start(**kw)

    @classmethod
    def start(cls, config=None, users=300, dir=None):
        bindir = os.environ.get("POSTERN_BIN", os.path.join(ROOT, "build"))
        if dir is None:
            dir = tempfile.mkdtemp(prefix="postern-test-")
            os.chmod(dir, 0o711)
        ports = free_ports(3)
        self = cls("127.0.0.1", *ports, os.path.join(dir, "ca.pem"), dir, bindir)
        self.owned = True
        users_file(os.path.join(dir, "users.list"), users)
        self.config = os.path.join(dir, "extra.conf")
        with open(self.config, "w") as f:
            f.write(BASE_CONFIG + (config or ""))
        self.up()
        return self

    def up(self):
        e = dict(os.environ, POSTERN_BIN=self.bin)
        r = subprocess.run(
            ["sh", os.path.join(ROOT, "etc", "quickstart"), "--background",
             "--no-install", "--dir", self.dir, "--imap", str(self.imap),
             "--imaps", str(self.imaps), "--lmtp", str(self.lmtp),
             "--users", os.path.join(self.dir, "users.list"),
             "--config", self.config], env=e, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        if r.returncode:
            raise RuntimeError("quickstart failed (%d):\n%s" % (
                r.returncode, r.stdout.decode(errors="replace")))

    def env(self):
        return dict(os.environ, POSTERN_HOST=self.host,
                    POSTERN_IMAP=str(self.imap), POSTERN_IMAPS=str(self.imaps),
                    POSTERN_LMTP=str(self.lmtp), POSTERN_CA=self.ca,
                    POSTERN_DIR=self.dir or "", POSTERN_BIN=self.bin or "")

    def master(self):
        with open(os.path.join(self.dir, "master.pid")) as f:
            return int(f.read())

    def tree(self):
        return process_tree(self.master())

    def stop(self):
        if self.owned:
            e = dict(os.environ, POSTERN_BIN=self.bin)
            subprocess.run(["sh", os.path.join(ROOT, "etc", "quickstart"),
                            "--stop", "--dir", self.dir], env=e,
                           stdout=subprocess.DEVNULL, timeout=30)

    def close(self):
        """Stops it, removes its folder; the log is kept if KEEP is set."""
        if not self.owned:
            return
        self.stop()
        if not os.environ.get("POSTERN_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def ctl(self, *args, check=True, input=None):
        r = subprocess.run([os.path.join(self.bin, "posternctl"), "--config",
                            os.path.join(self.dir, "postern.conf"), *args],
                           input=input, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=20)
        out = r.stdout.decode(errors="replace")
        if check and r.returncode:
            raise AssertionError("posternctl %s: exit %d: %s" % (
                " ".join(args), r.returncode, out))
        return r.returncode, out

    def log(self):
        try:
            with open(os.path.join(self.dir, "log"), errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def client(self, user=None, tls=False, **kw):
        c = Imap(self.host, self.imaps if tls else self.imap,
                 self.ca if tls else None, **kw)
        if user:
            c.login(user)
        return c


# Limits raised to what the tests do from one address.
BASE_CONFIG = """
unauth-per-block = 1000
failure-delay-ms = 200
"""


class Closed(Exception):
    """The server closed the connection."""


class Imap:
    """A client that hides nothing: lines as bytes, literals kept inline."""

    def __init__(self, host, port, ca=None, timeout=None, greeting=True,
                 rcvbuf=0):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host
                                  else socket.AF_INET)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(timeout or TIMEOUT)
        self.sock.connect((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ca = ca
        if ca:
            self.starttls_now()
        self.buf = b""
        self.tag = 0
        self.greeting = self.response() if greeting else None

    def starttls_now(self):
        ctx = ssl.create_default_context(cafile=self.ca)
        self.sock = ctx.wrap_socket(self.sock, server_hostname="localhost")

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogateescape")
        self.sock.sendall(data)

    def _fill(self):
        try:
            d = self.sock.recv(262144)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            d = b""
        if not d:
            raise Closed("connection closed; unread: %r" % self.buf[-200:])
        self.buf += d

    def line(self):
        while b"\n" not in self.buf:
            self._fill()
        i = self.buf.index(b"\n") + 1
        l, self.buf = self.buf[:i], self.buf[i:]
        return l

    def read(self, n):
        while len(self.buf) < n:
            self._fill()
        d, self.buf = self.buf[:n], self.buf[n:]
        return d

    def response(self):
        """One whole response: its lines and literals, CRLF at the end cut."""
        out = self.line()
        while True:
            m = re.search(rb"\{(\d+)\}\r\n\Z", out)
            if not m:
                return out[:-2] if out.endswith(b"\r\n") else out[:-1]
            out += self.read(int(m.group(1))) + self.line()

    def newtag(self):
        self.tag += 1
        return "x%d" % self.tag

    def wait(self, tag):
        """Responses up to the tagged one: (untagged list, tagged)."""
        t = tag.encode() + b" "
        got = []
        while True:
            r = self.response()
            if r.startswith(t):
                return got, r[len(t):]
            got.append(r)

    def cmd(self, text, expect="OK"):
        """Sends a command; literals may be given as (text, bytes, text, …)."""
        tag = self.newtag()
        if isinstance(text, (str, bytes)):
            text = (text,)
        out = tag.encode() + b" "
        for p in text:
            if isinstance(p, bytes):
                out += b"{%d+}\r\n" % len(p) + p
            else:
                out += p.encode("utf-8", "surrogateescape")
        self.send(out + b"\r\n")
        got, tagged = self.wait(tag)
        if expect and not tagged.startswith(expect.encode()):
            raise AssertionError("%r: %r" % (text[0], tagged))
        self.tagged = tagged
        return got

    def login(self, user, password=PASSWORD):
        return self.cmd("LOGIN %s %s" % (user, password))

    def append(self, mailbox, message, flags=""):
        """Returns (uidvalidity, uid) from APPENDUID, or None."""
        f = "(%s) " % flags if flags else ""
        self.cmd(("APPEND %s %s" % (mailbox, f), message, ""))
        m = re.match(rb"OK \[APPENDUID (\d+) (\d+)\]", self.tagged)
        return (int(m.group(1)), int(m.group(2))) if m else None

    def until(self, pattern, timeout=None):
        """Reads responses until one matches; returns it."""
        end = time.monotonic() + (timeout or TIMEOUT)
        old = self.sock.gettimeout()
        try:
            while True:
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError("no %r" % pattern)
                self.sock.settimeout(left)
                r = self.response()
                if re.search(pattern, r):
                    return r
        finally:
            with contextlib.suppress(OSError):
                self.sock.settimeout(old)

    def closed(self, timeout=3):
        """True when the server closes (after any BYE) within the time."""
        self.sock.settimeout(timeout)
        try:
            while True:
                self.response()
        except Closed:
            return True
        except OSError:
            return False

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.close()


class Lmtp:
    """RFC 2033, one step at a time."""

    def __init__(self, host, port, timeout=None):
        self.sock = socket.create_connection((host, port), timeout or TIMEOUT)
        self.file = self.sock.makefile("rb")
        self.greeting = self.reply()

    def reply(self):
        lines = []
        while True:
            l = self.file.readline()
            if not l:
                raise Closed("LMTP connection closed")
            lines.append(l.decode(errors="replace").rstrip("\r\n"))
            if len(l) < 4 or l[3:4] != b"-":
                return "\n".join(lines)

    def cmd(self, text):
        self.sock.sendall(text.encode() + b"\r\n")
        return self.reply()

    def data(self, message, n):
        """Sends the dot-stuffed message; n answers, one a recipient."""
        message = re.sub(rb"(?m)^\.", b"..", message)
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        self.sock.sendall(message + b".\r\n")
        return [self.reply() for _ in range(n)]

    def deliver(self, sender, rcpts, message):
        self.cmd("LHLO test.example")
        check(self.cmd("MAIL FROM:<%s>" % sender).startswith("250"), "MAIL")
        said = [self.cmd("RCPT TO:<%s>" % r) for r in rcpts]
        good = sum(1 for s in said if s.startswith("25"))
        if not good:
            return said
        check(self.cmd("DATA").startswith("354"), "DATA")
        answers = iter(self.data(message, good))
        return [next(answers) if s.startswith("25") else s for s in said]

    def close(self):
        with contextlib.suppress(OSError):
            self.cmd("QUIT")
        self.file.close()
        self.sock.close()


class Proc:
    def __init__(self, pid, ppid, name):
        self.pid, self.ppid, self.name = pid, ppid, name

    def __repr__(self):
        return "%s[%d]" % (self.name, self.pid)

    def exe(self):
        try:
            return os.path.basename(os.readlink("/proc/%d/exe" % self.pid))
        except OSError:     # not root: processes that cannot be dumped
            return re.split("[:/ ]", os.path.basename(
                re.split(": | ", self.title() or self.name)[0]))[0]

    def serves(self, user):
        """Is this the worker of that user?"""
        try:
            return self.title() == "imap-worker: " + user
        except OSError:     # it has ended
            return False

    def anonymous(self):
        """KiB of memory that is its own."""
        return int(self.status()["RssAnon"].split()[0])

    def status(self):
        with open("/proc/%d/status" % self.pid) as f:
            return dict(l.rstrip("\n").split(":\t", 1) for l in f if ":\t" in l)

    def title(self):
        """"" for a process that has ended meanwhile."""
        try:
            with open("/proc/%d/cmdline" % self.pid) as f:
                return f.read().replace("\0", " ").strip()
        except OSError:
            return ""

    def user(self):
        uid = int(self.status()["Uid"].split()[1])
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def pss(self):
        """KiB; 0 for a process that has ended meanwhile."""
        try:
            with open("/proc/%d/smaps_rollup" % self.pid) as f:
                for l in f:
                    if l.startswith("Pss:"):
                        return int(l.split()[1])
        except OSError:
            pass
        return 0

    def fds(self):
        d = "/proc/%d/fd" % self.pid
        out = {}
        for n in os.listdir(d):
            with contextlib.suppress(OSError):
                out[int(n)] = os.readlink(os.path.join(d, n))
        return out

    def kill(self, sig=signal.SIGKILL):
        os.kill(self.pid, sig)


def all_procs():
    out = {}
    for d in os.listdir("/proc"):
        if not d.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % d) as f:
                s = f.read()
        except OSError:
            continue
        name = s[s.index("(") + 1:s.rindex(")")]
        rest = s[s.rindex(")") + 2:].split()
        if rest[0] != "Z":
            out[int(d)] = Proc(int(d), int(rest[1]), name)
    return out


def process_tree(root):
    """root and all its descendants."""
    procs = all_procs()
    kids = {}
    for p in procs.values():
        kids.setdefault(p.ppid, []).append(p)
    out, todo = [], [root]
    while todo:
        pid = todo.pop()
        if pid in procs:
            out.append(procs[pid])
        todo += [k.pid for k in kids.get(pid, [])]
    return out


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            s = f.read()
        return s[s.rindex(")") + 2] != "Z"
    except OSError:
        return False


def wait_for(fn, seconds=5, step=0.02):
    """The first true value of fn() within the time, else the last one."""
    end = time.monotonic() + seconds
    while True:
        v = fn()
        if v or time.monotonic() > end:
            return v
        time.sleep(step)


def message(n=0, size=0, subject=None):
    """A plain message; CRLF."""
    head = ("From: Sender %d <s%d@example.org>\r\n"
            "To: Rcpt <r@example.org>\r\n"
            "Subject: %s\r\n"
            "Date: Mon, 02 Mar 2026 10:%02d:%02d +0100\r\n"
            "Message-ID: <m%d.%d@test.example>\r\n\r\n" % (
                n, n, subject or "message %d" % n, n // 60 % 60, n % 60, n,
                os.getpid())).encode()
    body = b"This is the body.\r\n"
    while len(head) + len(body) < size:
        body += b"Line after line of text, to make it as long as it has to be.\r\n"
    return head + body

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Plays IMAP transcripts (tests/transcripts/*.t) against a running server.

One behaviour a file, a fresh user each, INBOX empty. The first line is a comment
that names the RFC section. Then, line by line:

  connect NAME [tls] [raw]    a further connection ("raw": no greeting read, no
                              login). Connection C exists from the start, logged
                              in, unless the file says "raw" before.
  raw                         C is not logged in, its greeting not yet read
  tls                         C runs over TLS
  other NAME [raw]            a connection of another user
  append MBOX [(FLAGS)] ["DATE"] FILE
                              puts messages/FILE there, by a connection of its own
  create MBOX                 the same for a mailbox
  deliver FILE [DETAIL]       hands messages/FILE to LMTP, for user+DETAIL
  starttls C                  TLS handshake now
  wait SECONDS
  close C
  closed C                    the server must close within 3 s

  C: text                     sent with CRLF. {@} or {@+} at the end: a literal,
                              its bytes in the L: lines that follow (CRLF after
                              each; "L-:" none), then the rest of the command in
                              the next C: line. {@} waits for the "+".
  C-: text                    sent without CRLF
  S: pattern                  the next response is this one
  S~: pattern                 responses are read up to this one
  S*: pattern                 ... and among those read by the next S~ is this
  S!: pattern                 ... and among them is none like this
  Q: SECONDS                  nothing comes for so long

Patterns are literal but for {{regex}} and {{name=regex}}, which remembers what it
matched as $name for later lines ($name in braces: {{$name}}). <CRLF>, <NUL> and
<8BIT> stand for those bytes; $USER is the user's name. Further connections are
C1:, S1~: and so on, by their name (connect 1).
"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

HERE = os.path.join(harness.ROOT, "tests", "transcripts")
LINE = re.compile(r"([CSQL])(\w*)([-~*!]?):(?: (.*))?\Z")


class Failure(Exception):
    pass


def unescape(s):
    return (s.replace("<CRLF>", "\r\n").replace("<NUL>", "\0")
            .replace("<8BIT>", "\udcff"))


def show(r):
    s = r.decode("utf-8", "backslashreplace")
    s = s.replace("\r\n", "<CRLF>").replace("\0", "<NUL>")
    return s if len(s) < 1500 else s[:1500] + " ... (%d bytes)" % len(r)


def load_message(name):
    with open(os.path.join(HERE, "messages", name), "rb") as f:
        d = f.read()
    return d if name.endswith(".raw") else d.replace(b"\n", b"\r\n")


class Transcript:
    def __init__(self, path, inst, user, other):
        self.path, self.inst, self.user, self.other = path, inst, user, other
        self.vars = {"USER": user}
        self.conns = {}
        self.heard = []     # conversation so far, for the report
        self.must = {}      # connection -> patterns of S*: and S!:
        with open(path, encoding="utf-8") as f:
            self.lines = f.read().split("\n")
        if not self.lines[0].startswith("# ") or not re.search(
                r"RFC \d+|FIELD", self.lines[0]):
            raise Failure("first line must be a comment that cites the RFC")
        self.title = self.lines[0][2:]

    def subst(self, s):
        return re.sub(r"\{\{\$(\w+)\}\}|\$(USER)\b", lambda m:
                      self.vars.get(m.group(1) or m.group(2), "?"), s)

    def pattern(self, s):
        """(compiled regex, names) of an S line."""
        s = self.subst(unescape(s))
        out, names = "", []
        for i, part in enumerate(re.split(r"\{\{(.*?)\}\}(?!\})", s, flags=re.S)):
            if i % 2 == 0:
                out += re.escape(part)
                continue
            m = re.match(r"([a-z]\w*)=(.*)\Z", part, re.S)
            if m:
                names.append(m.group(1))
                out += "(?P<%s>%s)" % m.groups()
            else:
                out += "(?:%s)" % part
        return re.compile(out.encode("utf-8", "surrogateescape"), re.S)

    def matches(self, rx, r):
        m = rx.fullmatch(r)
        if m:
            for k, v in m.groupdict().items():
                if v is not None:
                    self.vars[k] = v.decode("utf-8", "surrogateescape")
        return m

    def conn(self, name):
        if name not in self.conns:
            raise Failure("no connection %r" % name)
        return self.conns[name]

    def open(self, name, user, words):
        tls, raw = "tls" in words, "raw" in words
        c = self.inst.client(tls=tls, greeting=not raw)
        self.conns[name] = c
        if not raw:
            c.login(user)
        return c

    def response(self, name):
        try:
            r = self.conn(name).response()
        except (harness.Closed, OSError) as e:
            raise Failure("no response: %s" % e)
        self.heard.append("S%s: %s" % (name, show(r)))
        return r

    def run(self):
        body = [(i, l) for i, l in enumerate(self.lines, 1)
                if l.strip() and not l.startswith("#")]
        words = {l for _, l in body if l in ("raw", "tls")}
        self.open("", self.user, words)
        i = 0
        while i < len(body):
            self.lineno, line = body[i]
            m = LINE.match(line)
            try:
                if not m:
                    self.directive(line)
                elif m.group(1) == "C":
                    n = self.client(m, body, i)
                    i += n
                elif m.group(1) == "S":
                    self.server(m)
                elif m.group(1) == "Q":
                    self.quiet(m.group(2), float(m.group(4)))
                else:
                    raise Failure("L: line without {@} before it")
            except (Failure, AssertionError, OSError, re.error,
                    harness.Closed) as e:
                raise Failure("%s:%d: %s\n%s" % (
                    os.path.basename(self.path), self.lineno, line, e))
            i += 1

    def directive(self, line):
        w = line.split()
        if line in ("raw", "tls"):
            return
        if w[0] == "connect":
            self.open(w[1], self.user, w[2:])
        elif w[0] == "other":
            self.open(w[1], self.other, w[2:])
        elif w[0] == "starttls":
            c = self.conn(w[1][1:])
            c.ca = self.inst.ca
            c.starttls_now()
        elif w[0] == "wait":
            time.sleep(float(w[1]))
        elif w[0] == "close":
            self.conn(w[1][1:]).close()
        elif w[0] == "closed":
            if not self.conn(w[1][1:]).closed():
                raise Failure("connection still open")
        elif w[0] in ("append", "create"):
            with self.inst.client(self.user) as c:
                if w[0] == "create":
                    c.cmd("CREATE " + line.split(None, 1)[1])
                else:
                    m = re.match(r"append (\S+)((?: \(.*?\))?(?: \".*?\")?) (\S+)\Z",
                                 line)
                    if not m:
                        raise Failure("bad append line")
                    c.cmd(("APPEND %s%s " % (m.group(1), m.group(2)),
                           load_message(m.group(3)), ""))
        elif w[0] == "deliver":
            l = harness.Lmtp(self.inst.host, self.inst.lmtp)
            to = self.user + ("+" + w[2] if len(w) > 2 else "")
            a = l.deliver("sender@example.org", [to], load_message(w[1]))
            l.close()
            if not a[0].startswith("250"):
                raise Failure("delivery: %s" % a)
        else:
            raise Failure("unknown line")

    def client(self, m, body, i):
        """Sends a C: line with its L: lines; returns how many were taken."""
        c = self.conn(m.group(2))
        text = self.subst(unescape(m.group(4) or ""))
        self.heard.append("C%s: %s" % (m.group(2), text[:500]))
        lit = re.search(r"\{@(\+?)\}\Z", text)
        if not lit:
            c.send(text + ("" if m.group(3) == "-" else "\r\n"))
            return 0
        data, n = "", 0
        while i + n + 1 < len(body):
            l = LINE.match(body[i + n + 1][1])
            if not l or l.group(1) != "L":
                break
            data += self.subst(unescape(l.group(4) or ""))
            data += "" if l.group(3) == "-" else "\r\n"
            n += 1
        raw = data.encode("utf-8", "surrogateescape")
        c.send(text[:lit.start()] + "{%d%s}\r\n" % (len(raw), lit.group(1)))
        if not lit.group(1):
            r = self.response(m.group(2))
            if not r.startswith(b"+"):
                raise Failure("wanted a continuation, got: %s" % show(r))
        c.send(raw)
        return n

    def server(self, m):
        name, how = m.group(2), m.group(3)
        rx = self.pattern(m.group(4) or "")
        if how in ("*", "!"):
            self.must.setdefault(name, []).append((how, rx, m.group(4)))
            return
        if how == "":
            r = self.response(name)
            if not self.matches(rx, r):
                raise Failure("got: %s" % show(r))
            return
        seen = []
        while True:
            r = self.response(name)
            seen.append(r)
            if self.matches(rx, r):
                break
            if re.match(rb"(?!x\d)[a-z]\d* (OK|NO|BAD)\b", r):
                raise Failure("got: %s" % show(r))
        for how, rx, text in self.must.pop(name, []):
            found = [r for r in seen if self.matches(rx, r)]
            if how == "*" and not found:
                raise Failure("missing: %s" % text)
            if how == "!" and found:
                raise Failure("unwanted: %s" % show(found[0]))

    def quiet(self, name, seconds):
        c = self.conn(name)
        old = c.sock.gettimeout()
        c.sock.settimeout(seconds)
        try:
            r = c.response()
        except TimeoutError:
            return
        finally:
            c.sock.settimeout(old)
        raise Failure("not quiet: %s" % show(r))

    def close(self):
        for c in self.conns.values():
            c.close()


def play(path, inst, user, other):
    t = None
    try:
        t = Transcript(path, inst, user, other)
        t.run()
        return True, t.title, ""
    except (Failure, AssertionError, OSError, re.error,
                    harness.Closed) as e:
        heard = "\n".join("  " + l for l in (t.heard[-25:] if t else []))
        return False, t.title if t else path, "%s\nconversation:\n%s" % (e, heard)
    finally:
        if t:
            t.close()


def main():
    only = sys.argv[1:]
    names = sorted(n for n in os.listdir(HERE) if n.endswith(".t"))
    tap = harness.Tap()
    inst = harness.Instance.get()
    try:
        for i, n in enumerate(names):
            if only and not any(o in n for o in only):
                continue
            # two users of every file's own
            good, title, why = play(os.path.join(HERE, n), inst,
                                    "t%03d" % (2 * i), "t%03d" % (2 * i + 1))
            tap.ok(good, "%s: %s" % (n, title), why)
    finally:
        inst.close()
    tap.done()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""LMTP (RFC 2033): an answer of its own for each recipient, and delivery."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

CONFIG = """
message-size = 100K
"""


def lmtp(i):
    return harness.Lmtp(i.host, i.lmtp)


def greeting(i):
    l = lmtp(i)
    check(l.greeting.startswith("220"), l.greeting)
    r = l.cmd("LHLO me.example")
    check(r.startswith("250"), r)
    for word in ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME"):
        check(word in r, "%s: %s" % (word, r))
    check(l.cmd("HELO me").startswith("5"), "HELO is not for LMTP")
    check(l.cmd("NOOP").startswith("250"))
    check(l.cmd("RSET").startswith("250"))
    check(l.cmd("QUIT").startswith("221"))


def answers(i):
    l = lmtp(i)
    a = l.deliver("s@example.org", ["t040", "no-such-user", "t041"],
                  harness.message(1))
    check(a[0].startswith("250") and a[2].startswith("250"), str(a))
    check(a[1].startswith("550"), str(a))
    for u in ("t040", "t041"):
        with i.client(u) as c:
            check(b"MESSAGES 1" in c.cmd("STATUS INBOX (MESSAGES)")[0], u)


def second_message(i):
    """Two messages on one connection."""
    l = lmtp(i)
    for n in (1, 2):
        a = l.deliver("", ["t042"], harness.message(n))
        check(a[0].startswith("250"), str(a))
    with i.client("t042") as c:
        c.cmd("SELECT INBOX")
        r = c.cmd("FETCH 2 BODY.PEEK[HEADER.FIELDS (RETURN-PATH DELIVERED-TO)]")
        check(b"Return-Path: <>" in r[0], repr(r))
        check(b"Delivered-To: " in r[0], repr(r))


def dots(i):
    body = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nend\r\n"
    l = lmtp(i)
    check(l.deliver("s@example.org", ["t043"], body)[0].startswith("250"))
    with i.client("t043") as c:
        c.cmd("SELECT INBOX")
        r = c.cmd("FETCH 1 BODY.PEEK[TEXT]")[0]
        check(b"\r\n.\r\n..\r\n.x\r\nend\r\n" in r, repr(r))


def too_big(i):
    l = lmtp(i)
    l.cmd("LHLO x")
    r = l.cmd("MAIL FROM:<s@example.org> SIZE=500000")
    check(r.startswith("552"), r)
    l.cmd("RSET")
    a = lmtp(i).deliver("s@example.org", ["t044"], harness.message(1, 300000))
    check(a[0].startswith(("552", "452", "554")), str(a))
    with i.client("t044") as c:
        check(b"MESSAGES 0" in c.cmd("STATUS INBOX (MESSAGES)")[0])


def order(i):
    l = lmtp(i)
    check(l.cmd("MAIL FROM:<a@b.example>").startswith("503"), "MAIL before LHLO")
    l.cmd("LHLO x")
    check(l.cmd("RCPT TO:<t045>").startswith("503"), "RCPT before MAIL")
    check(l.cmd("DATA").startswith("503"), "DATA before MAIL")
    check(l.cmd("MAIL FROM:<a@b.example>").startswith("250"))
    check(l.cmd("DATA").startswith("503"), "DATA without RCPT")
    check(l.cmd("FROBNICATE").startswith("500"))
    check(l.cmd("MAIL FROM: nonsense").startswith("50"))


def pipelined(i):
    l = lmtp(i)
    l.cmd("LHLO x")
    l.sock.sendall(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<t046>\r\n"
                   b"RCPT TO:<t047>\r\nDATA\r\n")
    r = [l.reply() for _ in range(4)]
    check([x[:3] for x in r] == ["250", "250", "250", "354"], str(r))
    r = l.data(harness.message(9), 2)
    check(all(x.startswith("250") for x in r), str(r))


def cut_off(i):
    """A connection lost in DATA delivers nothing."""
    l = lmtp(i)
    l.cmd("LHLO x")
    l.cmd("MAIL FROM:<a@b.example>")
    l.cmd("RCPT TO:<t048>")
    l.cmd("DATA")
    l.sock.sendall(b"Subject: half\r\n\r\nhalf a mess")
    l.file.close()
    l.sock.close()
    with i.client("t048") as c:
        check(b"MESSAGES 0" in c.cmd("STATUS INBOX (MESSAGES)")[0])


def bare_lf(i):
    """A dot between bare LFs is not the end (no smuggling)."""
    l = lmtp(i)
    l.cmd("LHLO x")
    l.cmd("MAIL FROM:<a@b.example>")
    l.cmd("RCPT TO:<t049>")
    l.cmd("DATA")
    l.sock.sendall(b"Subject: x\r\n\r\none\n.\nMAIL FROM:<evil@b.example>\r\n.\r\n")
    r = l.reply()
    check(r[:3] in ("250", "550", "554"), r)
    check(l.cmd("NOOP").startswith("250"), "out of step")


def idle(i):
    c = i.client("t050", tls=True)
    c.cmd("SELECT INBOX")
    c.send("i IDLE\r\n")
    c.until(rb"^\+")
    check(lmtp(i).deliver("s@example.org", ["t050+box"],
                          harness.message(1))[0].startswith("250"))
    c.until(rb"^\* 1 EXISTS", 3)


def main():
    tap = harness.Tap()
    i = harness.Instance.start(CONFIG)
    try:
        for fn in (greeting, answers, second_message, dots, too_big, order,
                   pipelined, cut_off, bare_lf, idle):
            tap.run("LMTP: " + fn.__name__.replace("_", " "), fn, i)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-25:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

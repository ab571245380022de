#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""kill -9 of one process: it is replaced, clients see a closed connection and
never a hung one, and the service goes on."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import check, wait_for  # noqa: E402


def named(i, name):
    return [p for p in i.tree() if p.exe() == name]


def works(i, user="t010"):
    """A full round on the service, retried for two seconds."""
    end = time.monotonic() + 2
    while True:
        try:
            with i.client(user, tls=True) as c:
                c.append("INBOX", harness.message(1))
                c.cmd("SELECT INBOX")
                c.cmd("FETCH 1 BODY.PEEK[]")
            l = harness.Lmtp(i.host, i.lmtp)
            a = l.deliver("s@example.org", [user], harness.message(2))
            l.close()
            check(a[0].startswith("250"), a[0])
            return
        except (OSError, harness.Closed, AssertionError) as e:
            if time.monotonic() > end:
                raise AssertionError("no service: %s" % e)
            time.sleep(0.05)


def kill_kind(i, name):
    old = named(i, name)
    check(old, "there is no %s" % name)
    for p in old:
        p.kill()
    works(i)
    n = len(old)
    check(wait_for(lambda: len(named(i, name)) >= min(n, 1) and not any(
        harness.alive(p.pid) for p in old), 5), "not replaced")


def kill_worker(i):
    a, b = i.client("t011"), i.client("t011", tls=True)
    other = i.client("t012")
    for c in (a, b):
        c.cmd("SELECT INBOX")
    kept = a.append("INBOX", harness.message(3))
    mine = [p for p in i.tree() if p.serves("t011")]
    check(len(mine) == 1, "workers of t011: %s" % mine)
    mine[0].kill()
    check(a.closed(), "hung in clear")
    check(b.closed(), "hung over TLS")
    other.cmd("NOOP")
    with i.client("t011") as c:
        c.cmd("SELECT INBOX")
        check(b"UID %d)" % kept[1] in c.cmd("FETCH 1 UID")[0], "message lost")


def kill_login(i):
    tls, plain, early = (i.client("t013", tls=True), i.client("t014"),
                         i.client())
    for p in named(i, "imap-login"):
        p.kill()
    check(tls.closed(), "TLS session hung")
    check(early.closed(), "unauthenticated connection hung")
    plain.cmd("NOOP")   # its socket is the worker's own
    works(i)


def kill_auth_midway(i):
    c = i.client()
    c.send("a AUTHENTICATE PLAIN\r\n")
    c.until(rb"^\+")
    logged = i.client("t015")
    for p in named(i, "auth"):
        p.kill()
    c.send("AHQwMTUAc2VjcmV0\r\n")
    try:
        r = c.until(rb"^a (NO|OK|BAD)|^\* BYE", 5)
        check(r, "hung")
    except harness.Closed:
        pass
    logged.cmd("NOOP")
    works(i, "t016")


def main():
    tap = harness.Tap()
    i = harness.Instance.start()
    try:
        works(i)
        for name in ("imap-login", "auth", "auth-helper", "lmtp", "imap-worker"):
            tap.run("kill -9 of every %s: replaced, the service goes on" % name,
                    kill_kind, i, name)
        tap.run("a worker dies: its user's connections close, others stay, "
                "mail is there", kill_worker, i)
        tap.run("imap-login dies: TLS sessions close, sessions in clear stay",
                kill_login, i)
        tap.run("auth dies in the middle of a login: an answer, no hang",
                kill_auth_midway, i)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-40:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

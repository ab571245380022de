#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Limits, and what one client may cost: a slow reader's memory, a long SEARCH
beside other sessions, literals that are announced and never sent."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import check, wait_for  # noqa: E402

CONFIG = """
sessions-per-user = 5
message-size = 1M
login-seconds = 2
"""


def worker_of(i, user):
    w = [p for p in i.tree() if p.serves(user)]
    check(len(w) == 1, "workers of %s: %s" % (user, w))
    return w[0]


def fill(i, user, n, size):
    with i.client(user) as c:
        for start in range(0, n, 100):
            parts = ["APPEND INBOX "]
            for k in range(start, min(start + 100, n)):
                parts += [harness.message(k, size), " "]
            parts[-1] = ""
            c.cmd(parts)


def slow_reader(i, tls):
    """Asks for 40 MB and does not read: nothing piles up, others are served."""
    user = "t031" if tls else "t030"
    fill(i, user, 200, 200000)
    with i.client(user) as other:
        w = worker_of(i, user)
        login = [p for p in i.tree() if p.exe() == "imap-login"]
        before = w.anonymous()
        before_login = sum(p.anonymous() for p in login)
        c = i.client(user, tls=tls, rcvbuf=4096)
        c.cmd("SELECT INBOX")
        c.send("f FETCH 1:* BODY.PEEK[]\r\n")
        time.sleep(1)
        start = time.monotonic()
        other.cmd("SELECT INBOX")
        other.cmd("FETCH 1:* FLAGS")
        check(time.monotonic() - start < 1, "the other session waited")
        grown = w.anonymous() - before
        check(grown < 8192, "worker grew by %d KiB" % grown)
        if tls:
            grown = sum(p.anonymous() for p in login) - before_login
            check(grown < 4096, "imap-login grew by %d KiB" % grown)
        got, tagged = c.wait("f")
        check(tagged.startswith(b"OK") and len(got) >= 200, tagged)
        c.close()


def long_search(i):
    """A SEARCH through all text does not stall another session of the user."""
    user = "t032"
    fill(i, user, 400, 100000)
    a, b = i.client(user), i.client(user)
    a.cmd("SELECT INBOX")
    b.cmd("SELECT INBOX")
    worst = 0
    done = threading.Event()

    def search():
        a.cmd("SEARCH " + " ".join("OR TEXT nowhere%d" % k for k in range(9)) +
              " TEXT nosuchword")
        done.set()
    t = threading.Thread(target=search)
    t.start()
    n = 0
    while not done.is_set() or n < 5:
        start = time.monotonic()
        b.cmd("NOOP")
        worst = max(worst, time.monotonic() - start)
        n += 1
    t.join()
    check(worst < 0.25, "NOOP took %.0f ms" % (worst * 1e3))


def sessions(i):
    held = [i.client("t033") for _ in range(5)]
    c = i.client()
    c.send("a LOGIN t033 secret\r\n")
    r = c.until(rb"^a ")
    check(r.startswith((b"a NO [LIMIT]", b"a NO [UNAVAILABLE]")), repr(r))
    held[0].cmd("LOGOUT")
    check(wait_for(lambda: try_login(i, "t033"), 3), "no room after LOGOUT")


def try_login(i, user):
    try:
        i.client(user).close()
        return True
    except (AssertionError, harness.Closed):
        return False


def message_size(i):
    c = i.client("t034")
    c.send("a APPEND INBOX {2000000}\r\n")
    check(c.until(rb"^a ").startswith(b"a NO [TOOBIG]"), "not refused")
    c.cmd("NOOP")
    try:
        c.cmd(("APPEND INBOX ", b"x" * 2000000, ""), expect="NO [TOOBIG]")
        c.cmd("NOOP")
    except (harness.Closed, OSError):
        pass            # closing is the other way to refuse {n+}
    with i.client("t034") as d:
        check(b"MESSAGES 0" in d.cmd("STATUS INBOX (MESSAGES)")[0])


def line_length(i):
    for user in (None, "t035"):
        c = i.client(user)
        c.send(b"a NOOP " + b"x" * 300000)
        try:
            c.send(b"\r\n")
            r = c.until(rb"BAD|BYE", 5)
            check(r, "no answer")
        except (harness.Closed, OSError):
            pass
    with i.client("t035") as d:
        d.cmd("NOOP")


def login_time(i):
    c = i.client()
    start = time.monotonic()
    check(c.closed(5), "not closed")
    check(1 < time.monotonic() - start < 4, "after %.1f s" % (
        time.monotonic() - start))


def announced(i):
    """Many sessions announce a large literal and send nothing."""
    cs = [i.client("t036") for _ in range(5)]
    w = worker_of(i, "t036")
    before = w.anonymous()
    for c in cs:
        c.send("a APPEND INBOX {900000}\r\n")
        c.until(rb"^\+")
    grown = w.anonymous() - before
    check(grown < 4096, "worker grew by %d KiB" % grown)
    for c in cs:
        c.close()
    check(wait_for(lambda: try_login(i, "t036"), 3), "sessions stay")


def disconnect_midway(i):
    c = i.client("t037")
    c.send(b"a APPEND INBOX {1000}\r\n")
    c.until(rb"^\+")
    c.send(b"half a message")
    c.close()
    with i.client("t037") as d:
        check(b"MESSAGES 0" in d.cmd("STATUS INBOX (MESSAGES)")[0])


def refused_delay(i):
    """Known and unknown users are refused in the same time, and not at once."""
    times = {}
    for user in ("t038", "nobody-of-that-name"):
        c = i.client()
        start = time.monotonic()
        c.send("a LOGIN %s wrong\r\n" % user)
        check(c.until(rb"^a ").startswith(b"a NO"), "not refused")
        times[user] = time.monotonic() - start
        c.close()
    check(min(times.values()) >= 0.19, str(times))
    check(abs(times["t038"] - times["nobody-of-that-name"]) < 0.15, str(times))


def main():
    tap = harness.Tap()
    i = harness.Instance.start(CONFIG)
    try:
        tap.run("a refused login takes its time, the same for all",
                refused_delay, i)
        tap.run("a slow reader costs bounded memory", slow_reader, i, False)
        tap.run("the same over TLS", slow_reader, i, True)
        tap.run("a long SEARCH does not stall another session", long_search, i)
        tap.run("sessions per user", sessions, i)
        tap.run("message size", message_size, i)
        tap.run("a line without end", line_length, i)
        tap.run("time to log in", login_time, i)
        tap.run("announced literals take no memory", announced, i)
        tap.run("a connection lost in a literal leaves nothing",
                disconnect_midway, i)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-25:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Settings that change who does what: login-mode = isolated, control-group,
IPv6 listeners, and how long a nursery serves."""
import grp
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import Skip, check, wait_for  # noqa: E402

FORKS = 12
SECONDS = 3
CONFIG = """
login-mode = isolated
login-processes = 2
unauth-per-block = 12
connections-per-login = 20
sessions-per-user = 60
linger-seconds = 0
spare-workers = 1
nursery-forks = %d
nursery-seconds = 1h
control-group = "%s"
listener imap6 {
	protocol = imap
	address = "::1"
	port = %d
}
listener imaps6 {
	protocol = imaps
	address = "::1"
	port = %d
}
listener lmtp6 {
	protocol = lmtp
	address = "::1"
	port = %d
}
"""


def logins(i):
    return {p.pid for p in i.tree() if p.exe() == "imap-login"}


def nursery(i):
    """The one whose parent is the master; None while there is none."""
    m = i.master()
    got = [p.pid for p in i.tree() if p.exe() == "imap-worker" and
           p.ppid == m and not p.title().startswith("imap-worker: ")]
    return got[0] if len(got) == 1 else None


def owner_of(i, port):
    """pids of the imap-login processes that hold a connection to the port."""
    inodes = set()
    with open("/proc/net/tcp") as f:
        for l in f.readlines()[1:]:
            w = l.split()
            if int(w[1].split(":")[1], 16) == port and w[3] == "01":
                inodes.add("socket:[%s]" % w[9])
    out = {}
    for p in i.tree():
        if p.exe() == "imap-login":
            n = sum(1 for x in p.fds().values() if x in inodes)
            if n:
                out[p.pid] = n
    return out


def isolated(i):
    """Ten connections at once, each in a process of its own, while new ones are
    accepted; the processes end with their connections."""
    if os.geteuid() != 0:
        raise Skip("not root: descriptors of others are not shown")
    check(wait_for(lambda: len(logins(i)) == 2, 3), "logins: %s" % logins(i))
    start = time.monotonic()
    cs = [i.client(tls=True) for _ in range(10)]
    check(time.monotonic() - start < 3, "accepting took %.1f s" % (
        time.monotonic() - start))
    own = owner_of(i, i.imaps)
    check(len(own) == 10 and set(own.values()) == {1}, "shared: %s" % own)
    for n, c in enumerate(cs):
        c.login("t%03d" % (n % 3))
        c.cmd("SELECT INBOX")
    check(len(owner_of(i, i.imaps)) == 10, "TLS stays with its process")
    for c in cs:
        c.cmd("LOGOUT")
        c.close()
    check(wait_for(lambda: len(logins(i)) == 2, 5), "left: %s" % logins(i))


def isolated_clear(i):
    """In clear the process is gone once the worker has the socket."""
    cs = [i.client("t003") for _ in range(6)]
    check(wait_for(lambda: len(logins(i)) == 2, 5), "left: %s" % logins(i))
    for c in cs:
        c.cmd("NOOP")
        c.close()


def isolated_stop(i):
    """A reload ends the idle ones and keeps those with a client. The auth of
    before goes too: the client has logged in."""
    c = i.client("t004", tls=True)
    before = logins(i)
    auth = [p.pid for p in i.tree() if p.exe() == "auth"]
    i.ctl("reload")
    check(wait_for(lambda: not any(harness.alive(p) for p in auth), 5),
          "the old auth stays")
    check(wait_for(lambda: len(logins(i) & before) == 1, 5),
          "kept: %s" % (logins(i) & before))
    c.cmd("NOOP")
    with i.client("t004", tls=True) as d:
        d.cmd("NOOP")
    c.close()


def isolated_block(i):
    """Twelve of a network may be without login; one that logs in makes room."""
    cs = [i.client(tls=True) for _ in range(12)]
    c = i.client(greeting=False)
    check(c.closed(), "one too many is not closed")
    cs[0].login("t007")
    with i.client("t007") as d:
        d.cmd("NOOP")
    for c in cs[1:]:
        c.cmd("NOOP")
    for c in cs:
        c.close()
    check(wait_for(lambda: len(logins(i)) == 2, 5), "left: %s" % logins(i))


def isolated_full(i):
    """connections-per-login bounds the processes; who waits gets his turn."""
    cs = [i.client("t008", tls=True) for _ in range(20)]
    waiting = []
    for _ in range(4):
        waiting.append(i.client(greeting=False))
    time.sleep(1)
    n = len(logins(i))
    check(20 <= n <= 22, "%d processes" % n)
    for c in cs:
        c.close()
    for c in waiting:
        check(c.until(rb"^\* OK", 5), "no greeting")
        c.close()
    check(wait_for(lambda: len(logins(i)) == 2, 5), "left: %s" % logins(i))


def ctl_as(i, gid, groups):
    r = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", str(gid)] + groups +
        [os.path.join(i.bin, "posternctl"), "--socket",
         os.path.join(i.dir, "state", "control"), "who"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    return r.returncode, r.stdout.decode()


def control_group(i, group):
    """Members of the group may ask, as their main group or another."""
    if os.geteuid() != 0:
        raise Skip("not root: the group is not given")
    gid = grp.getgrnam(group).gr_gid
    st = os.stat(os.path.join(i.dir, "state", "control"))
    check(st.st_gid == gid and st.st_mode & 0o777 == 0o660, str(st))
    with i.client("t005"):
        for gids in ((gid, ["--clear-groups"]),
                     (65534, ["--groups", str(gid)])):
            code, out = ctl_as(i, *gids)
            check(code == 0 and "t005" in out, out)
        code, out = ctl_as(i, 65534, ["--clear-groups"])
        check(code != 0 and "t005" not in out, out)


def control_group_refused(i):
    """Who may open the socket but is no member is refused by the server."""
    if os.geteuid() != 0:
        raise Skip("not root: the group is not given")
    path = os.path.join(i.dir, "state", "control")
    os.chmod(path, 0o666)
    try:
        code, out = ctl_as(i, 65534, ["--clear-groups"])
        check(code != 0, out)
        check("control: refused: uid 65534" in i.log(), "not in the log")
    finally:
        os.chmod(path, 0o660)


def ipv6(i, imap, imaps, lmtp):
    c = harness.Imap("::1", imap)
    c.login("t006")
    c.append("INBOX", harness.message(1))
    d = harness.Imap("::1", imaps, i.ca)
    d.login("t006")
    out = i.ctl("who", "t006")[1]
    check(out.count("::1") == 2, out)
    l = harness.Lmtp("::1", lmtp)
    check(l.deliver("s@example.org", ["t006"],
                    harness.message(2))[0].startswith("250"), "delivery")
    check(b"MESSAGES 2" in d.cmd("STATUS INBOX (MESSAGES)")[0])
    for port in (imap, imaps, lmtp):
        try:
            socket.create_connection(("127.0.0.1", port), 2).close()
        except OSError:
            continue
        raise AssertionError("port %d answers on IPv4" % port)
    for x in (c, d, l):
        x.close()


def churn(i, n, first):
    """n sessions, one after the other, each with a worker of its own."""
    for k in range(n):
        with i.client("t%03d" % (first + k)) as c:
            c.cmd("LOGOUT")


def nursery_count(i):
    """A new nursery after so many forks; a session of the old one stays."""
    held = i.client("t010")
    old = nursery(i)
    check(old is not None, "no nursery")
    churn(i, FORKS + 2, 20)
    check(wait_for(lambda: nursery(i) not in (None, old), 5), "no new nursery")
    check(wait_for(lambda: not harness.alive(old), 5), "the old one stays")
    held.cmd("NOOP")
    held.append("INBOX", harness.message(1))
    churn(i, 3, 40)
    held.close()


def nursery_age(i):
    """The same after so many seconds, with the next worker that is wanted."""
    with open(i.config) as f:
        text = f.read()
    with open(i.config, "w") as f:
        f.write(text.replace("nursery-forks = %d" % FORKS,
                             "nursery-forks = 1000")
                .replace("nursery-seconds = 1h",
                         "nursery-seconds = %d" % SECONDS))
    i.stop()
    i.up()
    held = i.client("t011")
    old = nursery(i)
    churn(i, 3, 50)
    check(nursery(i) == old, "replaced at once")
    time.sleep(SECONDS + 0.5)
    check(nursery(i) == old, "replaced without need")
    churn(i, 1, 60)
    check(wait_for(lambda: nursery(i) not in (None, old), 5), "no new nursery")
    check(wait_for(lambda: not harness.alive(old), 5), "the old one stays")
    held.cmd("NOOP")
    held.close()
    churn(i, 3, 61)


def main():
    tap = harness.Tap()
    ports = harness.free_ports(6)[3:]
    group = grp.getgrgid(grp.getgrnam("daemon").gr_gid).gr_name
    i = harness.Instance.start(CONFIG % ((FORKS, group) + tuple(ports)))
    try:
        tap.run("isolated: a process for each connection", isolated, i)
        tap.run("isolated: gone after a login in clear", isolated_clear, i)
        tap.run("isolated: unauth-per-block", isolated_block, i)
        tap.run("isolated: connections-per-login", isolated_full, i)
        tap.run("isolated: reload", isolated_stop, i)
        tap.run("control-group: members only", control_group, i, group)
        tap.run("control-group: the server looks itself",
                control_group_refused, i)
        tap.run("IPv6: imap, imaps and lmtp on [::1]", ipv6, i, *ports)
        tap.run("a nursery is replaced after nursery-forks", nursery_count, i)
        tap.run("a nursery is replaced after nursery-seconds", nursery_age, i)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-40:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

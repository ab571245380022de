#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the kernel says of each process: uid, root, seccomp, no new privileges,
capabilities, descriptors. (That they cannot leave is proven from inside, by the
unit tests of common/proc.)"""
import os
import pwd
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import Skip, check, wait_for  # noqa: E402

JAILED = ("imap-login", "auth", "auth-helper", "lmtp", "imap-worker")
UIDS = {"postern": "root", "imap-login": "_postern-login",
        "auth": "_postern-auth", "auth-helper": "_postern-auth",
        "lmtp": "_postern-lmtp"}
CHROOTED = ("imap-login", "lmtp")


def kinds(i):
    out = {}
    for p in i.tree():
        out.setdefault(p.exe(), []).append(p)
    return out


def tenants(i):
    """Workers that have become a user's."""
    return [p for p in i.tree() if p.serves("t000") or p.serves("t001")]


def uids(i):
    if os.geteuid() != 0:
        me = os.geteuid()
        for p in i.tree():
            check(p.status()["Uid"].split() == [str(me)] * 4, str(p))
        return
    for name, want in UIDS.items():
        for p in kinds(i)[name]:
            check(p.user() == want, "%s runs as %s" % (p, p.user()))
            u = p.status()["Uid"].split()
            check(len(set(u)) == 1, "%s: uids %s" % (p, u))


def worker_uids(i):
    if os.geteuid() != 0:
        raise Skip("not root")
    seen = {}
    for p in tenants(i):
        u, g = p.status()["Uid"].split(), p.status()["Gid"].split()
        check(len(set(u)) == 1 and len(set(g)) == 1, "%s: %s %s" % (p, u, g))
        check(int(u[0]) >= 1000, "%s has uid %s" % (p, u[0]))
        try:
            check(not pwd.getpwuid(int(u[0])).pw_name.startswith("_postern"))
        except KeyError:
            pass
        check(u[0] not in seen, "two users share uid %s" % u[0])
        seen[u[0]] = p
        check(p.status()["Groups"].split() in ([], [g[0]]), "groups")
    check(len(seen) == 2, "want two workers, got %s" % seen)


def flags(i, name):
    procs = tenants(i) if name == "imap-worker" else kinds(i).get(name, [])
    check(procs, "no " + name)
    for p in procs:
        s = p.status()
        check(s["Seccomp"] == "2", "%s: Seccomp %s" % (p, s["Seccomp"]))
        check(s["NoNewPrivs"] == "1", "%s: NoNewPrivs" % p)
        for c in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            check(int(s[c], 16) == 0, "%s: %s %s" % (p, c, s[c]))


def roots(i):
    if os.geteuid() != 0:
        raise Skip("not root: no chroot")
    for name in CHROOTED:
        for p in kinds(i)[name]:
            r = os.readlink("/proc/%d/root" % p.pid)
            check(r != "/", "%s is not in a chroot" % p)
            inside = os.listdir("/proc/%d/root" % p.pid)
            check(inside == [], "%s: in its root: %s" % (p, inside))
            st = os.stat("/proc/%d/root" % p.pid)
            check(st.st_uid == 0 and not st.st_mode & 0o022, "root can be written")


def descriptors(i):
    if os.geteuid() != 0:
        raise Skip("not root: the kernel does not show them")
    for name in JAILED:
        for p in kinds(i)[name]:
            for n, f in p.fds().items():
                ok = (f.startswith(("socket:", "pipe:", "anon_inode:",
                                    "/dev/null", "/dev/urandom", "/memfd:"))
                      or n in (1, 2) or
                      (name == "imap-worker" and "/mail/" in f) or
                      (name == "auth" and i.dir in f))
                check(ok, "%s has %d open: %s" % (p, n, f))
    # one user's worker has nothing of another's open
    for p in tenants(i):
        homes = {f.split("/mail/")[1].split("/")[0]
                 for f in p.fds().values() if "/mail/" in f}
        check(len(homes) == 1, "%s: %s" % (p, homes))


def homes_closed(i):
    for n in ("t000", "t001"):
        d = os.path.join(i.dir, "mail", n)
        check(os.stat(d).st_mode & 0o077 == 0, "mode of " + d)


def no_cores(i):
    for name in JAILED:
        for p in kinds(i)[name]:
            with open("/proc/%d/limits" % p.pid) as f:
                l = [x for x in f if x.startswith("Max core")][0].split()
            check(l[4] == "0", "%s may dump core" % p)


def main():
    tap = harness.Tap()
    i = harness.Instance.start()
    try:
        a, b = i.client("t000", tls=True), i.client("t001")
        for c in (a, b):
            c.append("INBOX", harness.message(1))
            c.cmd("SELECT INBOX")
        check(wait_for(lambda: len(tenants(i)) == 2, 3), "no workers")
        tap.run("every process runs under its own user", uids, i)
        tap.run("workers have the uids of their users", worker_uids, i)
        for name in JAILED:
            tap.run("%s: seccomp filter, no new privileges, no capabilities"
                    % name, flags, i, name)
        tap.run("chroots are empty and cannot be written", roots, i)
        tap.run("no descriptor that does not belong there", descriptors, i)
        tap.run("mail homes are closed to others", homes_closed, i)
        tap.run("no core dumps", no_cores, i)
        for p in sorted(i.tree(), key=lambda p: p.pid):
            tap.note("%-16s %6d %s" % (p.user(), p.pid, p.title()))
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-25:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

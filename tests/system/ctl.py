#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""posternctl: every verb against a running server."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import Skip, check, wait_for  # noqa: E402


def status(i):
    out = i.ctl("status")[1]
    for name in ("imap-login", "auth", "lmtp"):
        check(name in out, out)
    json.loads(i.ctl("--json", "status")[1])


def who(i):
    with i.client("t020", tls=True), i.client("t021"):
        out = i.ctl("who")[1]
        check("t020" in out and "t021" in out, out)
        out = i.ctl("who", "t020")[1]
        check("t020" in out and "t021" not in out, out)
        d = json.loads(i.ctl("--json", "who", "t020")[1])
        check(len(d["sessions"]) == 1, str(d))
    check(wait_for(lambda: "t020" not in i.ctl("who")[1], 3), "still listed")


def kick(i):
    a, b, c = i.client("t022"), i.client("t022", tls=True), i.client("t023")
    i.ctl("kick", "t022")
    check(a.closed() and b.closed(), "not closed")
    c.cmd("NOOP")


def reload(i):
    c = i.client("t024")
    i.ctl("reload")
    c.cmd("NOOP")
    with i.client("t024", tls=True) as d:
        d.cmd("NOOP")


def config(i):
    i.ctl("config", "check")
    out = i.ctl("config", "dump")[1]
    check("failure-delay-ms" in out and "postern.conf:" in out, out[:500])
    bad = os.path.join(i.dir, "bad.conf")
    with open(bad, "w") as f:
        f.write('state-dir = "/x"\nmesage-size = 5\n')
    r = subprocess.run([os.path.join(i.bin, "posternctl"), "--config", bad,
                        "config", "check"], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    out = r.stdout.decode()
    check(r.returncode == 78, "exit %d" % r.returncode)
    check("bad.conf:2" in out and "message-size" in out, out)


def users(i):
    i.ctl("user", "add", "newcomer", "--stdin", input=b"first pw\n")
    check("newcomer" in i.ctl("user", "list")[1], "not listed")

    def login(pw):
        try:
            with i.client() as c:
                c.cmd('LOGIN newcomer "%s"' % pw)
            return True
        except AssertionError:
            return False
    check(wait_for(lambda: login("first pw"), 5, 0.5), "cannot log in")
    i.ctl("passwd", "newcomer", "--stdin", input=b"second\n")
    check(wait_for(lambda: login("second"), 5, 0.5), "new password")
    check(not login("first pw"), "old password still good")
    i.ctl("user", "del", "newcomer")
    check(wait_for(lambda: not login("second"), 5, 0.5), "still good")


def stranger(i):
    """Another user gets nothing from the control socket."""
    if os.geteuid() != 0:
        raise Skip("not root")
    r = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
         os.path.join(i.bin, "posternctl"), "--socket",
         os.path.join(i.dir, "state", "control"), "who"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(r.returncode != 0, "a stranger may ask: %s" % r.stdout)


def unknown(i):
    check(i.ctl("frobnicate", check=False)[0] == 64)


def stop(i):
    pids = [p.pid for p in i.tree()]
    i.ctl("stop")
    check(wait_for(lambda: not any(harness.alive(p) for p in pids), 4), "runs")
    check(i.ctl("status", check=False)[0] != 0, "status of nothing")
    i.up()


def main():
    tap = harness.Tap()
    i = harness.Instance.start()
    try:
        for fn in (status, who, kick, reload, config, users, stranger, unknown,
                   stop):
            tap.run("posternctl: " + fn.__name__, fn, i)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-25:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

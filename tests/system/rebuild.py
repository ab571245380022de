#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The index of a user is lost: a restart gives back all mail with all UIDs, and
flags, copies, keywords and subscriptions as of the last snapshot, which a
worker leaves when it ends. posternctl rebuild does it on demand, with sessions there,
and loses nothing while the index is sound."""
import glob
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

USER = "t020"


def home(i):
    found = [os.path.dirname(p) for p in
             glob.glob(os.path.join(i.dir, "**", "seg"), recursive=True)
             if USER in p]
    check(len(found) == 1, "home of %s: %s" % (USER, found))
    return found[0]


def boxes(c):
    return sorted(re.search(rb' "?([^" ]+)"?$', r).group(1).decode()
                  for r in c.cmd('LIST "" *'))


def state(i):
    """Everything a client can see, but UIDNEXT and modseqs."""
    with i.client(USER) as c:
        got = {"lsub": sorted(c.cmd('LSUB "" *'))}
        for b in boxes(c):
            got[b] = (c.cmd("STATUS %s (MESSAGES UNSEEN UIDVALIDITY SIZE "
                            "MAILBOXID)" % b),)
            c.cmd("EXAMINE %s" % b)
            got[b] += tuple(c.cmd("FETCH 1:* (UID FLAGS EMAILID THREADID "
                                  "SAVEDATE INTERNALDATE BODY.PEEK[])",
                                  expect=None))
        return got


def fill(i):
    with i.client(USER) as c:
        for n in range(30):
            c.append("INBOX", harness.message(n), r"\Answered")
        c.cmd("CREATE work")
        c.cmd("SUBSCRIBE work")
        c.cmd("SELECT INBOX")
        c.cmd(r"STORE 3:9 +FLAGS (\Seen $Todo)")
        c.cmd("COPY 5:20 work")
        c.cmd("MOVE 21:22 work")
        c.cmd(r"STORE 1:2 +FLAGS (\Deleted)")
        c.cmd("EXPUNGE")
        c.cmd("SELECT work")
        c.cmd(r"STORE 1 FLAGS (\Flagged)")


def lose(i):
    """Stops the server, takes the index away, starts it."""
    h = home(i)
    i.stop()
    check(glob.glob(os.path.join(h, "snap", "*.snap")), "no snapshot")
    shutil.rmtree(os.path.join(h, "db"))
    i.up()


def uidnext(c, box):
    r = c.cmd("STATUS %s (UIDNEXT)" % box)[0]
    return int(re.search(rb"UIDNEXT (\d+)", r).group(1))


def same(i):
    fill(i)
    before = state(i)
    check(len(before["INBOX"]) == 27 and len(before["work"]) == 19, before)
    with i.client(USER) as c:
        told = uidnext(c, "work")
    for _ in range(2):
        lose(i)
        after = state(i)
        check(after == before, "%s\n%s" % (before, after))
    with i.client(USER) as c:
        c.cmd("SELECT INBOX")
        c.cmd("COPY 1 work")
        uid = int(re.search(rb"COPYUID \d+ \d+ (\d+)", c.tagged).group(1))
        check(uid > told, "UID %d was used before" % uid)
    check("snapshot: not made" not in i.log(), "snapshot refused")


def indexes_aside(i):
    return glob.glob(os.path.join(home(i), "db.bad.*"))


def rebuild_row(i, *args):
    code, out = i.ctl("--json", "rebuild", *args, USER)
    users = json.loads(out)["users"]
    check(users[0]["status"] == "ok", out)
    return [r for r in users[0]["results"] if r["row"] == "rebuild"][0]


def on_demand(i):
    """With a session there, and changes no snapshot knows of."""
    with i.client(USER) as c:
        c.cmd("SELECT INBOX")
        c.cmd(r"STORE 1:4 +FLAGS (\Flagged Later)")
        c.cmd("COPY 1:3 work")
        c.cmd(r"STORE 5 +FLAGS (\Deleted)")
        c.cmd("EXPUNGE")
        before = state(i)
        aside = len(indexes_aside(i))
        row = rebuild_row(i, "--dry-run")
        check(row["index_sound"] and not row["rebuilt"], row)
        c.cmd("NOOP")
        check(len(indexes_aside(i)) == aside, "the dry run changed something")
        row = rebuild_row(i)
        check(row["rebuilt"] and row["lost"] == 0 and
              row["messages"] == len(before["INBOX"]) + len(before["work"]) - 2,
              row)
        check(b"BYE" in c.line(), "no BYE")
    check(len(indexes_aside(i)) == aside + 1, indexes_aside(i))
    after = state(i)
    check(after == before, "%s\n%s" % (before, after))
    i.ctl("fsck", USER)


def under_a_worker(i):
    """rm -r db/ while the worker has it open: it still knows all."""
    with i.client(USER) as c:
        c.cmd("SELECT work")
        c.cmd(r"STORE 2:3 +FLAGS (\Answered)")
        before = state(i)
        shutil.rmtree(os.path.join(home(i), "db"))
        rebuild_row(i)
    check(state(i) == before, "differs")
    i.ctl("fsck", USER)


def stopped(i):
    """rm -r db/ of a stopped server; nobody logs in before the rebuild."""
    before = state(i)
    lose(i)
    row = rebuild_row(i)
    check(row["lost"] == 0, row)
    check(state(i) == before, "differs")
    i.ctl("rebuild", "--all", "--dry-run")
    code, out = i.ctl("rebuild", check=False)
    check(code == 64, "neither a user nor --all: %d" % code)


def main():
    tap = harness.Tap()
    i = harness.Instance.start()
    try:
        tap.run("db/ is gone: same mail, UIDs, flags, names; twice", same, i)
        tap.run("posternctl rebuild: beside a session, nothing is lost",
                on_demand, i)
        tap.run("posternctl rebuild: db/ was removed under the worker",
                under_a_worker, i)
        tap.run("posternctl rebuild: db/ was removed, server stopped",
                stopped, i)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-40:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

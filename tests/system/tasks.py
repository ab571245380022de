#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""posternctl's tasks on users' mail: stats, du, fsck beside live sessions."""
import glob
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import Skip, check, wait_for  # noqa: E402


def fill(i, user, n, size=2000, mailbox="INBOX"):
    with i.client(user) as c:
        if mailbox != "INBOX":
            c.cmd("CREATE " + mailbox)
        for start in range(0, n, 100):
            parts = ["APPEND %s " % mailbox]
            for k in range(start, min(start + 100, n)):
                parts += [harness.message(k, size), " "]
            parts[-1] = ""
            c.cmd(parts)


def homes(i):
    return sorted(os.path.dirname(p) for p in
                  glob.glob(i.dir + "/**/VERSION", recursive=True))


def home_of(i, user):
    found = [h for h in homes(i) if user in h]
    check(len(found) == 1, "%s: %s" % (user, homes(i)))
    return found[0]


def results(out, user):
    d = json.loads(out)
    return [u for u in d["users"] if u["user"] == user][0]


def rows(out, user, kind):
    return [r for r in results(out, user)["results"] if r["row"] == kind]


def worker_of(i, user):
    return [p for p in i.tree() if p.serves(user)]


def stats(i):
    fill(i, "t040", 5)
    fill(i, "t040", 2, mailbox="Gr&APw-n")
    with i.client("t040") as c:
        c.cmd("SELECT INBOX")
        c.cmd("STORE 1:2 +FLAGS (\\Seen)")
        c.cmd("STORE 3 +FLAGS (\\Deleted)")
        status = c.cmd("STATUS INBOX (UIDNEXT UIDVALIDITY)")[0]
        out = i.ctl("--json", "stats", "t040")[1]
        boxes = {r["mailbox"]: r for r in rows(out, "t040", "mailbox")}
        inbox = boxes["INBOX"]
        check((inbox["messages"], inbox["unseen"], inbox["deleted"]) ==
              (5, 3, 1), str(inbox))
        check(b"UIDVALIDITY %d)" % inbox["uidvalidity"] in status and
              b"(UIDNEXT %d " % inbox["uidnext"] in status, repr(status))
        check(boxes["Gr\u00fcn"]["messages"] == 2, str(boxes))
        check(boxes["Sent"]["special_use"] == "sent", str(boxes))
        total = rows(out, "t040", "total")[0]
        check(total["messages"] == 7, str(total))
        out = i.ctl("stats", "t040")[1]
        check("INBOX " in out and "UIDVALIDITY" in out, out)
        c.cmd("NOOP")


def du(i):
    fill(i, "t041", 10, 5000)
    with i.client("t041") as c:
        c.cmd("SELECT INBOX")
        c.cmd("STORE 1:4 +FLAGS (\\Deleted)")
        c.cmd("EXPUNGE")
        out = i.ctl("--json", "du", "t041")[1]
    total = rows(out, "t041", "total")[0]
    check(total["live"] > total["dead"] > 0, str(total))
    home = home_of(i, "t041")
    size = sum(os.path.getsize(os.path.join(d, f))
               for d, _, fs in os.walk(home) for f in fs)
    check(abs(total["bytes"] - size) < 200000, "%s, not %d" % (total, size))


def damage(i):
    """A bit that flips in a segment is found, and the message named."""
    fill(i, "t042", 20)
    out = i.ctl("fsck", "t042")[1]
    check("error" not in out, out)
    seg = glob.glob(home_of(i, "t042") + "/seg/*.seg")[0]
    with open(seg, "r+b") as f:
        at = f.read().index(b"Subject: message 6\r\n") + 40
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1]))
    code, out = i.ctl("fsck", "t042", check=False)
    check(code == 1 and "INBOX UID 7)" in out, "exit %d: %s" % (code, out))
    code, out = i.ctl("--json", "fsck", "t042", check=False)
    problems = rows(out, "t042", "problem")
    check(code == 1 and len(problems) == 1 and
          problems[0]["severity"] == "error", out)
    check(results(out, "t042")["status"] == "problems", out)
    with open(seg, "r+b") as f:
        f.seek(at)
        f.write(byte)
    i.ctl("fsck", "t042")


def beside_sessions(i):
    """A session stays usable and may change all while it is checked."""
    fill(i, "t043", 2000, 20000)
    stop = threading.Event()
    codes = []

    def check_again():
        while not stop.is_set() or len(codes) < 3:
            codes.append(i.ctl("fsck", "t043", check=False))
    t = threading.Thread(target=check_again)
    worst, n = 0, 0
    with i.client("t043") as c:
        c.cmd("SELECT INBOX")
        c.cmd("CREATE Copies")
        t.start()
        end = time.monotonic() + 3
        while time.monotonic() < end:
            start = time.monotonic()
            c.cmd("NOOP")
            worst = max(worst, time.monotonic() - start)
            n += 1
            if n % 5 == 0:
                c.append("INBOX", harness.message(n, 3000))
            if n % 7 == 0:
                c.cmd("COPY %d:%d Copies" % (n % 900 + 1, n % 900 + 20))
            if n % 11 == 0 and n < 3000:
                c.cmd("STORE 1:3 +FLAGS (\\Deleted)")
                c.cmd("EXPUNGE")
        stop.set()
        t.join()
    check(all(code == 0 for code, _ in codes), str(codes))
    check(worst < 0.5, "NOOP took %.0f ms" % (worst * 1e3))


def goes_away(i):
    """A posternctl that does not read holds nobody up, nor one that dies."""
    with i.client("t044") as c:
        for k in range(3000):
            c.send("m%d CREATE %s%d\r\n" % (k, "long-name-" * 20, k))
            if k % 100 == 99:
                c.wait("m%d" % k)
        w = worker_of(i, "t044")[0]
        before = w.anonymous()
        p = subprocess.Popen(
            [os.path.join(i.bin, "posternctl"), "--config",
             os.path.join(i.dir, "postern.conf"), "stats", "t044"],
            stdout=subprocess.PIPE)
        check(wait_for(lambda: "t044: task stats: begins" in i.log(), 5))
        time.sleep(0.3)
        start = time.monotonic()
        c.cmd("NOOP")
        check(time.monotonic() - start < 0.5, "the session waited")
        check("t044: task stats: done" not in i.log(), "nothing was held up")
        grown = w.anonymous() - before
        check(grown < 4096, "worker grew by %d KiB" % grown)
        p.kill()
        p.wait()
        p.stdout.close()
        check(wait_for(lambda: "t044: task stats: posternctl has gone" in
                       i.log(), 5), "still running")
        c.cmd("NOOP")
        check(len(rows(i.ctl("--json", "stats", "t044")[1], "t044",
                       "mailbox")) >= 3000)


def export(i):
    """A Maildir++ with the same bytes, flags, keywords and UIDs."""
    user, to = "t046", os.path.join(i.dir, "exported")
    fill(i, user, 12, 3000)
    fill(i, user, 1, 400000, mailbox="Gr&APw-n")
    with i.client(user) as c:
        c.cmd("CREATE a.b/c")
        c.cmd("SELECT INBOX")
        c.cmd("STORE 1:2 +FLAGS (\\Deleted)")
        c.cmd("EXPUNGE")
        c.cmd("STORE 1 +FLAGS (\\Seen \\Flagged $Forwarded)")
        c.cmd("STORE 2 +FLAGS (\\Draft \\Answered \\Deleted other)")
        i.ctl("export", user, to)
        with open(to + "/dovecot-uidlist") as f:
            head, *lines = f.read().splitlines()
        status = c.cmd("STATUS INBOX (UIDNEXT UIDVALIDITY)")[0]
        v, n = head.split()[1:3]
        check(b"(UIDNEXT %s UIDVALIDITY %s)" % (
            n[1:].encode(), v[1:].encode()) in status, head)
        files = {f.split(":2,")[0]: f for f in os.listdir(to + "/cur")}
        check(len(lines) == 10 and len(files) == 10, "%s %s" % (lines, files))
        for line in lines:
            uid, base = line.split(" :")
            path = os.path.join(to, "cur", files[base])
            with open(path, "rb") as f:
                got = f.read()
            check(",S=%d," % len(got) in base, base)
            whole = b"".join(c.cmd("UID FETCH %s BODY.PEEK[]" % uid))
            check(got.replace(b"\n", b"\r\n") in whole, path)
        flags = [files[l.split(" :")[1]].split(":2,")[1] for l in lines]
        check(flags[:3] == ["FSa", "DRTb", ""], str(flags))
        with open(to + "/dovecot-keywords") as f:
            check(f.read() == "0 $Forwarded\n1 other\n")
    check(len(os.listdir(to + "/.Gr&APw-n/cur")) == 1)
    check(os.listdir(to + "/.a\\2eb.c/cur") == [], str(os.listdir(to)))
    check(os.stat(to).st_mode & 0o77 == 0, "open to others")
    code, out = i.ctl("export", user, to, check=False)
    check(code == 70 and "exists" in out, out)
    code, out = i.ctl("export", "no-such-user", to + "2", check=False)
    check(code == 67 and not os.path.exists(to + "2"), out)


def own_worker(i):
    """A worker that was only wanted for a task goes when that is done."""
    fill(i, "t045", 3)
    for w in worker_of(i, "t045"):
        w.kill()
    check(wait_for(lambda: not worker_of(i, "t045"), 5), "not gone")
    i.ctl("stats", "t045")
    check(wait_for(lambda: not worker_of(i, "t045"), 5), "stays")
    with i.client("t045") as c:
        check(b"* 3 EXISTS" in c.cmd("SELECT INBOX"), "mail is gone")
    i.ctl("stats", "t045")
    check(len(worker_of(i, "t045")) == 1, "did not linger for the session")


def all_users(i):
    """--all: everybody who has mail; nobody gets a home by that."""
    before = homes(i)
    code, out = i.ctl("--json", "du", "--all")
    d = {u["user"]: u for u in json.loads(out)["users"]}
    check(d["t041"]["results"] and d["t041"]["status"] == "ok", out[:500])
    code, out = i.ctl("--json", "stats", "t299")
    check(json.loads(out)["users"][0]["text"] == "no mail yet", out)
    check(homes(i) == before, "homes were made")


def errors(i):
    code, out = i.ctl("fsck", "no-such-user", check=False)
    check(code == 67 and "no such user" in out, "exit %d: %s" % (code, out))
    check(i.ctl("fsck", check=False)[0] == 64, "without a user")
    check(i.ctl("fsck", "--all", "t040", check=False)[0] == 64, "both")
    code, out = i.ctl("--json", "stats", "no-such-user", "t040", check=False)
    check(code == 67, "exit %d" % code)
    check(results(out[out.index("{"):], "t040")["status"] == "ok", out)


def stranger(i):
    if os.geteuid() != 0:
        raise Skip("not root")
    r = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65533", "--clear-groups",
         os.path.join(i.bin, "posternctl"), "--socket",
         os.path.join(i.dir, "state", "control"), "stats", "t040"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(r.returncode not in (0, 1) and b"INBOX" not in r.stdout,
          "a stranger may ask: %s" % r.stdout)


def control_group(i):
    """Members of the group may count mail, and not have it."""
    if os.geteuid() != 0:
        raise Skip("not root")
    sock = os.path.join(i.dir, "state", "control")
    to = "/tmp/postern-test-export-%d" % os.getpid()

    def ask(*args):
        return subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534",
             "--clear-groups", os.path.join(i.bin, "posternctl"), "--socket",
             sock, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    state = os.path.dirname(sock)
    mode = os.stat(state).st_mode & 0o7777
    os.chmod(state, 0o711)
    try:
        r = ask("stats", "t040")
        check(r.returncode == 0 and b"INBOX" in r.stdout, r.stdout)
        r = ask("export", "t040", to)
        check(r.returncode == 70 and b"only root" in r.stdout, r.stdout)
        check(not os.path.exists(to), "something was written")
    finally:
        os.chmod(state, mode)


def stopped(i):
    i.ctl("stop")
    check(wait_for(lambda: i.ctl("stats", "t040", check=False)[0] == 69, 5),
          "not 69")
    check("not running" in i.ctl("fsck", "--all", check=False)[1])
    i.up()


def main():
    tap = harness.Tap()
    # bytes on disk are counted, and bits turned
    i = harness.Instance.start('compress = 0\ncontrol-group = "nogroup"\n')
    try:
        for fn in (stats, du, damage, beside_sessions, goes_away, export,
                   own_worker, all_users, errors, stranger,
                   control_group, stopped):
            tap.run("tasks: " + fn.__name__, fn, i)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-25:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

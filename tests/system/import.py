#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""posternctl import: a Maildir that Debian's Dovecot made, mboxes, hostile ones.

What Dovecot served is compared with what Postern serves, and mbsync and offlineimap,
which had synced against Dovecot, go on against Postern and transfer nothing.

    import.py [MESSAGES FOLDERS]      (300 10)
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, os.path.join(HERE, "..", "bench"))
import dovecot  # noqa: E402
import harness  # noqa: E402
from harness import Skip, check  # noqa: E402

MESSAGES = int(sys.argv[1]) if len(sys.argv) > 2 else 300
FOLDERS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
NAMES = ["INBOX", "Work", "Work/2026", "Gr&APw-n", "&ZeVnLIqe-/&U,BTFw-",
         "A &- B", "with space", "Sent"]
FLAGS = ["", "\\Seen", "\\Seen \\Answered", "\\Flagged $Forwarded",
         "\\Seen \\Deleted", "\\Draft", "\\Seen NonJunk Work_1"]
DATES = ["01-Jan-1999 00:00:01 +0000", "29-Feb-2024 23:59:59 +0100",
         "02-Mar-2026 10:00:00 -0800"]


def result(out):
    return json.loads(out[out.index("{"):])["users"][0]


def rows(out, kind):
    return [r for r in result(out)["results"] if r["row"] == kind]


def run_import(i, user, source, *more, ok=(0,)):
    code, out = ctl(i, "--json", "import", user, source, *more)
    check(code in ok, "exit %d: %s" % (code, out[-3000:]))
    return out


def ctl(i, *args):
    r = subprocess.run(
        [os.path.join(i.bin, "posternctl"), "--config",
         os.path.join(i.dir, "postern.conf"), *args], timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return r.returncode, r.stdout.decode(errors="replace")


def names():
    more = ["Folder %d" % k for k in range(FOLDERS - len(NAMES))]
    return NAMES + more


def body(k):
    m = harness.message(k, 200 + 7919 * k % 6000)
    return m + (b"8 bit: \xc3\xbc\r\n" if k % 5 == 0 else b"no end of line")


def fill(c):
    """Some messages a folder, with holes in the UIDs."""
    all_names = names()
    each = max(1, MESSAGES // len(all_names))
    n = 0
    for at, name in enumerate(all_names):
        if name != "INBOX":
            c.cmd('CREATE "%s"' % name)
        for k in range(each + 2):
            n += 1
            c.cmd(('APPEND "%s" (%s) "%s" ' % (
                name, FLAGS[n % len(FLAGS)], DATES[n % len(DATES)]),
                body(n), ""))
        c.cmd('SELECT "%s"' % name)
        c.cmd("UID STORE 2,%d FLAGS.SILENT (\\Deleted)" % (each + 2))
        c.cmd("UID EXPUNGE 2,%d" % (each + 2))
        if at % 2:
            c.cmd('SUBSCRIBE "%s"' % name)
    return each * len(all_names)


def items(r):
    """A FETCH of UID FLAGS INTERNALDATE BODY[] as a tuple."""
    uid = int(re.search(rb"UID (\d+)", r).group(1))
    flags = re.search(rb"FLAGS \(([^)]*)\)", r).group(1).split()
    date = re.search(rb'INTERNALDATE "([^"]*)"', r).group(1)
    m = re.search(rb"BODY\[\] \{(\d+)\}\r\n", r)
    text = r[m.end():m.end() + int(m.group(1))]
    return uid, (sorted(f.lower() for f in flags if f != b"\\Recent"),
                 when(date), text)


def when(date):
    t, zone = date.rsplit(b" ", 1)
    stamp = time.mktime(time.strptime(t.decode().strip(),
                                      "%d-%b-%Y %H:%M:%S")) - time.timezone
    off = int(zone[1:3]) * 3600 + int(zone[3:5]) * 60
    return int(stamp) - (off if zone[:1] == b"+" else -off)


def state(c):
    """Everything a client can see, of the folders that have messages."""
    out = {}
    for r in c.cmd('LIST "" "*"'):
        m = re.match(rb'\* LIST \(([^)]*)\) "?.*?"? (?:"((?:[^"\\]|\\.)*)"|'
                     rb'(\S+))$', r)
        if not m or b"\\Noselect" in m.group(1):
            continue
        name = (m.group(2) or m.group(3)).decode()
        said = c.cmd('EXAMINE "%s"' % name)
        text = b"\n".join(said)
        got = dict(items(x) for x in c.cmd(
            "UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])") if b"BODY[]" in x)
        if got:
            out[name] = (
                int(re.search(rb"UIDVALIDITY (\d+)", text).group(1)),
                int(re.search(rb"UIDNEXT (\d+)", text).group(1)), got)
    return out


def subscribed(c):
    return sorted(re.sub(rb'^.*? "?/"? ', b"", r).strip(b'"')
                  for r in c.cmd('LSUB "" "*"') if r.startswith(b"* LSUB"))


def compare(a, b):
    check(sorted(a) == sorted(b), "%s, not %s" % (sorted(b), sorted(a)))
    for name in a:
        check(a[name][:2] == b[name][:2], "%s: UIDVALIDITY, UIDNEXT %s, not %s"
              % (name, b[name][:2], a[name][:2]))
        check(sorted(a[name][2]) == sorted(b[name][2]), name + ": UIDs")
        for uid, m in a[name][2].items():
            check(b[name][2][uid] == m, "%s UID %d: %r, not %r" % (
                name, uid, b[name][2][uid], m))


MBSYNC = """
IMAPAccount a
Host localhost
Port {port}
User {user}
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account a

MaildirStore near
Path {dir}/mbsync/
Inbox {dir}/mbsync/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns INBOX *
Create Near
Expunge None
Sync All
SyncState {dir}/mbsync-state/
"""
OFFLINEIMAP = """
[general]
accounts = a
metadata = {dir}/offline-state
ui = basic
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {dir}/offline
sep = .
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = secret
ssl = no
starttls = no
"""


def files(path):
    return sorted(os.path.join(d, f) for d, _, fs in os.walk(path) for f in fs
                  if os.path.basename(d) in ("cur", "new"))


class Material:
    """Dovecot's Maildir, what it served, and clients that synced with it."""

    def __init__(self, dir):
        self.dir = dir
        self.user = "t001"

    def make(self):
        d = self.dovecot = dovecot.Dovecot(os.path.join(self.dir, "dovecot"),
                                           "maildir")
        d.start()
        try:
            c = harness.Imap(d.host, d.imap)
            c.login(self.user)
            self.n = fill(c)
            self.state = state(c)
            self.subscribed = subscribed(c)
            c.close()
            self.client("mbsync", d.imap)
            self.client("offlineimap", d.imap)
            self.synced = {t: files(os.path.join(self.dir, t))
                           for t in ("mbsync", "offline")}
        finally:
            d.stop()
        self.maildir = os.path.join(d.dir, "mail", self.user, "Maildir")

    def client(self, program, port):
        """Its output; None if there is no such program."""
        if shutil.which(program) is None:
            return None
        rc = os.path.join(self.dir, program + ".rc")
        os.makedirs(os.path.join(self.dir, "mbsync-state"), exist_ok=True)
        os.makedirs(os.path.join(self.dir, "mbsync"), exist_ok=True)
        with open(rc, "w") as f:
            f.write((MBSYNC if program == "mbsync" else OFFLINEIMAP).format(
                dir=self.dir, port=port, user=self.user))
        args = ["-V", "-c", rc, "-a"] if program == "mbsync" else ["-c", rc,
                                                                   "-o"]
        with open(os.path.join(self.dir, program + ".log"), "ab") as log:
            r = subprocess.run([program] + args, stdout=log, stderr=log,
                               stdin=subprocess.DEVNULL, timeout=900)
        with open(log.name, errors="replace") as f:
            text = f.read()
        check(r.returncode == 0, "%s: exit %d: %s" % (program, r.returncode,
                                                      text[-2000:]))
        return text


def dry(i, m):
    out = run_import(i, m.user, "maildir:" + m.maildir, "--dry-run")
    check(result(out)["text"] == "no mail yet", out)
    with i.client("t002"):
        pass
    out = run_import(i, "t002", "maildir:" + m.maildir, "--dry-run")
    check(rows(out, "total")[0]["imported"] == m.n, out)
    with i.client("t002") as c:
        check(not state(c), "something was imported")


def same(i, m):
    start = time.monotonic()
    out = run_import(i, m.user, "maildir:" + m.maildir)
    took = time.monotonic() - start
    total = rows(out, "total")[0]
    print("# %d messages in %d folders, %d bytes: %.1f s" % (
        total["imported"], total["mailboxes"], total["bytes"], took))
    check(total["imported"] == m.n and total["left_out"] == 0, out)
    check(all(r["uids_kept"] for r in rows(out, "mailbox")), out)
    with i.client(m.user) as c:
        compare(m.state, state(c))
        check(m.subscribed and set(m.subscribed) <= set(subscribed(c)), "%s, not %s" % (
            subscribed(c), m.subscribed))
    check(ctl(i, "fsck", m.user)[0] == 0, "fsck")


def again(i, m):
    """What is there is not imported twice, nor what the user has deleted."""
    with i.client(m.user) as c:
        c.cmd("SELECT INBOX")
        c.cmd("STORE 1 +FLAGS.SILENT (\\Deleted)")
        c.cmd("EXPUNGE")
        out = run_import(i, m.user, "maildir:" + m.maildir)
        total = rows(out, "total")[0]
        check((total["imported"], total["present"]) == (0, m.n), out)
        c.cmd("NOOP")


def client(i, m, program, folder):
    had = m.synced[folder]
    if shutil.which(program) is None:
        raise Skip(program + " is not installed")
    check(len(had) == m.n, "%d files, not %d" % (len(had), m.n))
    before = {n: s[1] for n, s in m.state.items()}
    text = m.client(program, i.imap)
    check(files(os.path.join(m.dir, folder)) == had, "files have changed")
    with i.client(m.user) as c:
        after = {n: s[1] for n, s in state(c).items()}
    check(all(after[n] == before[n] for n in after), "UIDNEXT has changed")
    return text


def interrupted(i, m):
    """A worker that is killed half way: what is missing comes the next time."""
    p = subprocess.Popen(
        [os.path.join(i.bin, "posternctl"), "--config",
         os.path.join(i.dir, "postern.conf"), "import", "t003",
         "maildir:" + m.maildir], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    harness.wait_for(lambda: "t003: task import: begins" in i.log(), 5, 0.002)
    time.sleep(0.01)
    for w in [w for w in i.tree() if w.serves("t003")]:
        w.kill()
    p.wait()
    out = run_import(i, "t003", "maildir:" + m.maildir)
    total = rows(out, "total")[0]
    check(total["imported"] + total["present"] == m.n, out)
    print("# after the kill %d were present" % total["present"])
    with i.client("t003") as c:
        compare(m.state, state(c))
    check(ctl(i, "fsck", "t003")[0] == 0, "fsck")


def below(i, m):
    """--mailbox; and messages into one that has some already."""
    with i.client("t004") as c:
        c.cmd("CREATE Old")
        c.append("Old", harness.message(1))
        out = run_import(i, "t004", "maildir:" + m.maildir, "--mailbox", "Old",
                         ok=(1,))
        check("new UIDs" in out, out)
        got = state(c)
        check("Old/Gr&APw-n" in got and
              len(got["Old"][2]) == len(m.state["INBOX"][2]) + 1,
              "%s: %d" % (sorted(got), len(got["Old"][2])))


def hand_made(path, owner=0):
    for d in ("cur", "new", "tmp", ".Sub.x/cur", ".Sub.x/new"):
        os.makedirs(os.path.join(path, d))
    if owner:
        os.chown(path, owner, owner)


def put(path, text=b"Subject: x\n\ny\n"):
    with open(path, "wb") as f:
        f.write(text)


def hostile(i, dir):
    d = os.path.join(dir, "hostile")
    hand_made(d)
    put(d + "/dovecot-uidlist",
        b"3 V1600000000 N100 G1\n5 :a\n4 :descends\n0 :zero\n"
        b"4294967295 :high\n7 :a\n9 W1 S2 :b,S=3\nnonsense\n"
        b"10 :vanished\n12 :c\n13 :" + b"x" * 9000 + b"\n")
    for name in ("a:2,S", "b,S=3:2,Ta", "c;2,F", "descends", "zero", "high",
                 "new\nline:2,R", "nul"):
        put(os.path.join(d, "cur", name))
    put(d + "/cur/nul", b"Subject: \0\n\n\r\nx\ry")
    put(d + "/new/fresh")
    put(d + "/cur/huge:2,", b"Subject: huge\n\n" + b"x" * (65 << 20))
    os.symlink("/etc/passwd", d + "/cur/link")
    os.symlink("/etc", d + "/.Link")
    os.mkfifo(d + "/cur/fifo")
    os.mkfifo(d + "/dovecot-keywords")
    os.symlink("/etc/passwd", d + "/subscriptions")
    put(d + "/.Sub.x/dovecot-uidlist", b"\xff" * 5000)
    put(d + "/.Sub.x/cur/one")
    for k, name in enumerate((b".bad\xff&name", b"." + b"y" * 200,
                              b".a..b", b".c\nd", b".Sub&AC8-x")):
        os.makedirs(os.path.join(os.fsencode(d), name, b"cur"))
        put(os.path.join(os.fsencode(d), name, b"cur", b"m"))
    out = run_import(i, "t005", "maildir:" + d, ok=(1,))
    total = rows(out, "total")[0]
    check(total["imported"] == 15 and total["left_out"] == 3, out)
    for word in ("larger than message-size", "link: could not be read",
                 "fifo: could not be read", "6 lines make no sense",
                 "dovecot-uidlist is damaged"):
        check(word in out, word + ": " + out)
    check("root:" not in out, out)
    with i.client("t005") as c:
        text = b"\n".join(c.cmd("SELECT INBOX"))
        check(b"UIDVALIDITY 1600000000]" in text, repr(text))
        got = b"\n".join(c.cmd("UID FETCH 1:* (FLAGS BODY.PEEK[])"))
        check(b"UID 5 " in got and b"UID 9 " in got and b"UID 12 " in got and
              b"UID 13 " in got and b"root:" not in got, repr(got)[:2000])
        check(b"Subject: \x80\r\n\r\n\r\nx\ry" in got, "NUL")
    check(ctl(i, "fsck", "t005")[0] == 0, "fsck")
    os.symlink(d, d + "-link")
    for source in (d + "-link", d + "-link/.Sub.x", d + "/cur/fifo",
                   d + "/nothing", "/dev/null"):
        for form in ("maildir:", "mbox:"):
            code, out = ctl(i, "import", "t005", form + source)
            check(code == 70, "%s: exit %d: %s" % (source, code, out))
    check(ctl(i, "import", "t005", d)[0] == 64, "no format")
    check(ctl(i, "import", "t005", "maildir:" + d, "--mailbox", "/")[0] == 70,
          "bad name")
    check(ctl(i, "import", "nobody-here", "maildir:" + d)[0] == 67, "user")


def owner(i, dir):
    """Root reads as the owner of the Maildir: what he may not, is left out."""
    if os.geteuid() != 0:
        raise Skip("not root")
    d = os.path.join(dir, "owned")
    hand_made(d, dovecot.UID)
    put(d + "/cur/mine")
    put(d + "/cur/secret", b"Subject: secret\n\nroot's own\n")
    os.chmod(d + "/cur/secret", 0o600)
    os.chmod(dir, 0o711)
    out = run_import(i, "t006", "maildir:" + d, ok=(1,))
    check(rows(out, "total")[0]["imported"] == 1 and
          "secret: could not be read" in out, out)


def mbox(i, dir):
    d = os.path.join(dir, "mboxes")
    os.makedirs(d + "/Work")
    text = (b"From MAILER-DAEMON Thu Jan  1 00:00:01 2026\n"
            b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n"
            b"X-IMAP: 1500000000 0000000030\n\n"
            b"internal\n\n"
            b"From a@example.org Sat Feb  3 04:05:06 2024 +0100\n"
            b"Subject: one\nStatus: RO\nX-Status: AF\n"
            b"X-Keywords: Work $Label1\nX-UID: 7\nContent-Length: 4\n"
            b"\nFrom here it goes on\n>From there\n\n"
            b"From \"b c\"@example.org Sat Feb  3 04:05:07 2024\n"
            b"Subject: two\nX-UID: 9\n"
            b" folded\n\nlast\n")
    put(d + "/box", text)
    put(d + "/Work/empty", b"")
    put(d + "/Work/other", text.replace(b"\n", b"\r\n")
        .replace(b"1500000000", b"1500000001"))
    put(d + "/notes.txt", b"not an mbox\n")
    put(d + "/box.lock", b"From ")
    out = run_import(i, "t007", "mbox:" + d, ok=(1,))
    check("notes.txt: not an mbox" in out, out)
    with i.client("t007") as c:
        text = b"\n".join(c.cmd("SELECT box"))
        check(b"UIDVALIDITY 1500000000]" in text and b"UIDNEXT 31]" in text,
              repr(text))
        got = [items(r) for r in c.cmd(
            "UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])")
            if b"BODY[]" in r]
        check(got[0] == (7, (sorted([b"\\seen", b"\\answered", b"\\flagged",
                                     b"work", b"$label1"]), 1706929506,
                             b"Subject: one\r\n\r\nFrom here it goes on\r\n"
                             b">From there\r\n")), repr(got[0]))
        check(got[1][0] == 9 and got[1][1][2] ==
              b"Subject: two\r\n\r\nlast\r\n", repr(got[1]))
        other = [items(r) for r in (c.cmd("SELECT Work/other"), c.cmd(
            "UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])"))[1]
            if b"BODY[]" in r]
        check([m[1] for m in other] == [m[1] for m in got], repr(other))
        check(b"* 0 EXISTS" in c.cmd("SELECT Work/empty"), "empty")
    out = run_import(i, "t007", "mbox:" + d + "/box", "--mailbox", "box")
    check(rows(out, "total")[0]["imported"] == 0, out)


def held(i, dir):
    """A mailbox somebody has open cannot change its UIDVALIDITY; quota."""
    d = os.path.join(dir, "held")
    hand_made(d)
    put(d + "/dovecot-uidlist", b"3 V1600000001 N9 G1\n5 :a\n")
    put(d + "/cur/a:2,")
    with i.client("t008") as c:
        c.cmd("SELECT INBOX")
        code, out = ctl(i, "import", "t008", "maildir:" + d)
        check(code == 70 and "a session has it open" in out, out)
        check(c.cmd("NOOP") == [], "something came")
        c.cmd("UNSELECT")
        run_import(i, "t008", "maildir:" + d)


def main():
    tap = harness.Tap()
    dir = tempfile.mkdtemp(prefix="postern-test-")
    os.chmod(dir, 0o711)
    m = Material(dir)
    why = None if dovecot.installed() else "dovecot-imapd is not installed"
    if os.geteuid() != 0:
        why = "not root"
    if why is None:
        m.make()
        # a new user's mailboxes have the time as UIDVALIDITY: another one
        last = max(box[0] for box in m.state.values())
        harness.wait_for(lambda: time.time() > last + 1, 600, 0.2)
    i = harness.Instance.start(config="")
    try:
        tests = [("import: " + fn.__name__, fn, ()) for fn in
                 (dry, same, again, interrupted, below)]
        # before `again`, which deletes a message
        tests[2:2] = [("import: %s transfers nothing" % p, client, (p, folder))
                      for p, folder in (("mbsync", "mbsync"),
                                        ("offlineimap", "offline"))]
        for what, fn, more in tests:
            if why:
                tap.skip(what, why)
            else:
                tap.run(what, fn, i, m, *more)
        for fn in (hostile, owner, mbox, held):
            tap.run("import: " + fn.__name__, fn, i, dir)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-25:]))
        i.close()
        if not os.environ.get("POSTERN_KEEP"):
            shutil.rmtree(dir, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()

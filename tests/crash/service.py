#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""kill -9 of one process, or of all, at random times under a random workload;
then restart and check what was promised.

    service.py [ROUNDS] [--seed N] [--users N]

Each user has one IMAP client (append, multi-append, flags, copy, move, expunge,
create) and one LMTP sender. They note what was acknowledged. What was under way
when the process died may have happened or not; nothing else may differ:

  - every acknowledged message, flag, copy, move and mailbox is there;
  - nothing expunged comes back, nothing is there twice;
  - a UID never names two messages, UIDNEXT never falls behind a UID that was
    told, UIDVALIDITY stays;
  - the service answers a login within 2 s of the kill (or of the restart).

Prints TAP, and the number of violations.
"""
import argparse
import os
import random
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402

FLAGS = [b"\\Flagged", b"\\Answered", b"\\Draft", b"$Alpha", b"beta"]
TOKEN = re.compile(rb"X-Token: (\S+)", re.I)


class Entry:
    """One message in one mailbox, as far as was acknowledged."""

    def __init__(self, token, mbox, uid=None, flags=()):
        self.token, self.mbox, self.uid = token, mbox, uid
        self.flags = set(flags)
        self.doubt_flags = set()    # may be set or not
        self.may_be_missing = False
        self.may_be_in = None       # of a MOVE under way


class User:
    def __init__(self, name, seed):
        self.name = name
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.entries = []
        self.mailboxes = {"INBOX": True}   # name -> acknowledged?
        self.uids = {}       # (mbox, uidvalidity) -> {uid: token}
        self.validity = {}   # mbox -> uidvalidity
        self.n = 0

    def token(self, kind):
        with self.lock:
            self.n += 1
            return ("%s-%s-%d" % (self.name, kind, self.n)).encode()

    def message(self, token):
        size = self.random.choice([0, 0, 0, 3000, 40000])
        return b"X-Token: " + token + b"\r\n" + harness.message(self.n, size)

    def told(self, mbox, validity, uid, token):
        """A UID the server named; the text of a violation, or None."""
        known = self.uids.setdefault((mbox, validity), {})
        if known.setdefault(uid, token) != token:
            return "%s %s: UID %d was %s, is %s" % (
                self.name, mbox, uid, known[uid].decode(), token.decode())
        return None


class Work(threading.Thread):
    def __init__(self, inst, user, stop, bad):
        super().__init__(daemon=True)
        self.inst, self.user, self.stop, self.bad = inst, user, stop, bad
        self.ops = 0

    def run(self):
        try:
            while not self.stop.is_set():
                self.step()
                self.ops += 1
        except (OSError, harness.Closed):
            pass
        except AssertionError as e:
            if not self.stop.is_set() and "UNAVAILABLE" not in str(e) and \
                    "SERVERBUG" not in str(e):
                self.bad.append("%s: refused: %s" % (self.user.name, e))


class Sender(Work):
    lmtp = None

    def step(self):
        u = self.user
        if not self.lmtp:
            self.lmtp = harness.Lmtp(self.inst.host, self.inst.lmtp)
        token = u.token("lmtp")
        e = Entry(token, "INBOX")
        e.may_be_missing = True
        with u.lock:
            u.entries.append(e)
        a = self.lmtp.deliver("s@example.org", [u.name], u.message(token))
        if a[0].startswith("250"):
            e.may_be_missing = False
        elif not a[0].startswith("4"):
            self.bad.append("%s: delivery: %s" % (u.name, a[0]))
        time.sleep(u.random.random() * 0.02)


class Client(Work):
    c = None
    selected = None

    def step(self):
        u = self.user
        if not self.c:
            self.c = self.inst.client(u.name, tls=u.random.random() < 0.3)
        with u.lock:
            mine = [e for e in u.entries if e.uid and not e.may_be_missing]
        ops = [self.append, self.multiappend]
        if len(u.mailboxes) < 4:
            ops.append(self.create)
        if mine:
            ops += [self.flag, self.flag, self.unflag, self.copy, self.move]
            if len(mine) > 30:
                ops += [self.expunge] * 3
        op = u.random.choice(ops)
        if op in (self.append, self.multiappend, self.create):
            op()
        else:
            e = u.random.choice(mine)
            self.select(e.mbox)
            op(e)

    def select(self, mbox):
        if self.selected != mbox:
            self.c.cmd("SELECT " + mbox)
            self.selected = mbox

    def box(self):
        u = self.user
        return u.random.choice([m for m, sure in u.mailboxes.items() if sure])

    def tell(self, mbox, validity, uid, token):
        v = self.user.told(mbox, validity, uid, token)
        if v:
            self.bad.append(v)

    def create(self):
        name = "box%d" % len(self.user.mailboxes)
        self.user.mailboxes.setdefault(name, False)
        self.c.cmd("CREATE " + name)
        self.user.mailboxes[name] = True

    def append(self):
        self.put(1)

    def multiappend(self):
        self.put(self.user.random.randrange(2, 5))

    def put(self, n):
        u = self.user
        mbox = self.box()
        new, cmd = [], ["APPEND " + mbox + " "]
        for _ in range(n):
            e = Entry(u.token("app"), mbox)
            e.may_be_missing = True
            flags = u.random.sample(FLAGS, u.random.randrange(3))
            e.flags = set(flags)
            cmd[-1] += "(%s) " % b" ".join(flags).decode()
            cmd += [u.message(e.token), " "]
            new.append(e)
        cmd[-1] = ""
        with u.lock:
            u.entries += new
        self.c.cmd(cmd)
        m = re.match(rb"OK \[APPENDUID (\d+) (\d+)(?::(\d+))?\]", self.c.tagged)
        for k, e in enumerate(new):
            e.may_be_missing = False
            if m:
                e.uid = int(m.group(2)) + k
                self.tell(mbox, int(m.group(1)), e.uid, e.token)

    def flag(self, e, op="+"):
        f = self.user.random.choice(FLAGS)
        e.doubt_flags = {f}
        self.c.cmd("UID STORE %d %sFLAGS%s (%s)" % (
            e.uid, op, self.user.random.choice(["", ".SILENT"]), f.decode()))
        (e.flags.add if op == "+" else e.flags.discard)(f)
        e.doubt_flags = set()

    def unflag(self, e):
        self.flag(e, "-")

    def copy(self, e):
        u = self.user
        dst = self.box()
        new = Entry(e.token, dst, None, e.flags)
        new.may_be_missing = True
        with u.lock:
            u.entries.append(new)
        self.c.cmd("UID COPY %d %s" % (e.uid, dst))
        new.may_be_missing = False
        m = re.search(rb"COPYUID (\d+) \S+ (\d+)\]", self.c.tagged)
        if m:
            new.uid = int(m.group(2))
            self.tell(dst, int(m.group(1)), new.uid, new.token)

    def move(self, e):
        dst = self.box()
        if dst == e.mbox:
            return
        e.may_be_in = dst
        got = self.c.cmd("UID MOVE %d %s" % (e.uid, dst))
        e.mbox, e.may_be_in, e.uid = dst, None, None
        for r in got + [self.c.tagged]:
            m = re.search(rb"COPYUID (\d+) \S+ (\d+)\]", r)
            if m:
                e.uid = int(m.group(2))
                self.tell(dst, int(m.group(1)), e.uid, e.token)

    def expunge(self, e):
        e.doubt_flags = {b"\\Deleted"}
        e.may_be_missing = True
        self.c.cmd("UID STORE %d +FLAGS.SILENT (\\Deleted)" % e.uid)
        self.c.cmd("UID EXPUNGE %d" % e.uid)
        with self.user.lock:
            self.user.entries.remove(e)


def verify(inst, u):
    """Compares what is there with what was promised, then takes it as the new
    truth. Returns violations."""
    bad = []
    there = []      # [mbox, uid, token, flags]
    with inst.client(u.name) as c:
        names = set()
        for r in c.cmd('LIST "" *'):
            m = re.match(rb'\* LIST \(.*?\) \S+ "?([^"]*)"?\Z', r)
            if m:
                names.add(m.group(1).decode())
        for mbox, sure in list(u.mailboxes.items()):
            if mbox not in names:
                if sure:
                    bad.append("%s: mailbox %s is gone" % (u.name, mbox))
                del u.mailboxes[mbox]
                continue
            u.mailboxes[mbox] = True
            got = c.cmd("SELECT " + mbox)
            text = b"\n".join(got)
            validity = int(re.search(rb"UIDVALIDITY (\d+)", text).group(1))
            uidnext = int(re.search(rb"UIDNEXT (\d+)", text).group(1))
            if u.validity.setdefault(mbox, validity) != validity:
                bad.append("%s %s: UIDVALIDITY changed" % (u.name, mbox))
                u.validity[mbox] = validity
            known = u.uids.get((mbox, validity), {})
            if known and uidnext <= max(known):
                bad.append("%s %s: UIDNEXT %d, but %d was told" % (
                    u.name, mbox, uidnext, max(known)))
            if b"* 0 EXISTS" in text:
                continue
            for r in c.cmd("UID FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK["
                           "HEADER.FIELDS (X-TOKEN)])"):
                if b" FETCH " not in r:
                    continue
                uid = int(re.search(rb"UID (\d+)", r).group(1))
                flags = set(re.search(rb"FLAGS \((.*?)\)", r).group(1).split())
                t = TOKEN.search(r)
                if not t:
                    bad.append("%s %s: UID %d has no token" % (
                        u.name, mbox, uid))
                    continue
                there.append([mbox, uid, t.group(1),
                              flags - {b"\\Recent", b"\\Seen"}])
                v = u.told(mbox, validity, uid, t.group(1))
                if v:
                    bad.append(v)
    bad += match(u, there)
    return bad


def match(u, there):
    bad = []
    left = {}
    for t in there:
        left.setdefault((t[0], t[2]), []).append(t)

    def take(e, mbox):
        found = left.get((mbox, e.token), [])
        for t in found:
            if e.uid is None or mbox != e.mbox or t[1] == e.uid:
                found.remove(t)
                return t
        return None

    kept = []
    # sure ones first, so that a doubtful one does not take their place
    for e in sorted(u.entries, key=lambda e: (e.uid is None,
                                              e.may_be_missing)):
        t = take(e, e.mbox)
        if not t and e.may_be_in:
            t = take(e, e.may_be_in)
        if not t:
            if not e.may_be_missing:
                bad.append("%s %s: lost: %s (UID %s)" % (
                    u.name, e.mbox, e.token.decode(), e.uid))
            continue
        differ = (t[3] ^ e.flags) - e.doubt_flags
        if differ:
            bad.append("%s %s UID %d: flags %s, want %s" % (
                u.name, t[0], t[1], sorted(t[3]), sorted(e.flags)))
        kept.append(Entry(e.token, t[0], t[1], t[3]))
    for found in left.values():
        for t in found:
            bad.append("%s %s: UID %d (%s) should not be there" % (
                u.name, t[0], t[1], t[2].decode()))
            kept.append(Entry(t[2], t[0], t[1], t[3]))
    u.entries = kept
    return bad


def kill_tree(inst):
    procs = inst.tree()
    random.shuffle(procs)
    for p in procs:
        try:
            p.kill()
        except ProcessLookupError:
            pass


def kill_some(inst, rnd):
    """Kills; returns (what, whether the master has to be started again)."""
    procs = inst.tree()
    if rnd.random() < 0.45:
        kill_tree(inst)
        return "all", True
    # as often a worker as any other
    workers = [p for p in procs if p.exe() == "imap-worker"]
    victim = rnd.choice(workers if workers and rnd.random() < 0.6 else procs)
    name = victim.exe()
    os.kill(victim.pid, signal.SIGKILL)
    return name, victim.pid == procs[0].pid


def back(inst, users):
    """Seconds until every user can log in and select; None after 10."""
    start = time.monotonic()
    todo = list(users)
    while todo and time.monotonic() - start < 10:
        try:
            with inst.client(todo[0].name) as c:
                c.cmd("SELECT INBOX")
            todo.pop(0)
        except (OSError, harness.Closed, AssertionError):
            time.sleep(0.01)
    return None if todo else time.monotonic() - start


def one_round(inst, users, rnd):
    bad = []
    stop = threading.Event()
    work = [k(inst, u, stop, bad) for u in users for k in (Client, Sender)]
    for w in work:
        w.start()
    time.sleep(rnd.uniform(0.05, 1.0))
    what, restart = kill_some(inst, rnd)
    stop.set()
    for w in work:
        w.join(15)
        if w.is_alive():
            bad.append("%s: a client hangs after kill of %s" % (
                w.user.name, what))
    if restart:
        start = time.monotonic()
        inst.up()
        if rnd.random() < 0.25:     # once more, while stores recover
            what += ", again in recovery"
            for u in users:
                try:
                    c = harness.Imap(inst.host, inst.imap)
                    c.send("a LOGIN %s %s\r\n" % (u.name, harness.PASSWORD))
                except (OSError, harness.Closed):
                    pass
            time.sleep(rnd.uniform(0, 0.05))
            kill_tree(inst)
            start = time.monotonic()
            inst.up()
        took = time.monotonic() - start
    else:
        took = 0
    t = back(inst, users)
    if t is None:
        bad.append("no service 10 s after kill of %s" % what)
        return what, None, bad, 0
    took += t
    if took > 2:
        bad.append("service back after %.2f s (kill of %s)" % (took, what))
    for u in users:
        bad += verify(inst, u)
    return what, took, bad, sum(w.ops for w in work)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("rounds", nargs="?", type=int, default=5)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--users", type=int, default=3)
    args = p.parse_args()
    rnd = random.Random(args.seed)
    random.seed(args.seed)
    tap = harness.Tap()
    tap.note("seed %d" % args.seed)
    inst = harness.Instance.start(users=args.users + 1)
    users = [User("t%03d" % k, args.seed + k) for k in range(args.users)]
    violations, slowest, ops = 0, 0, 0
    try:
        for r in range(args.rounds):
            what, took, bad, n = one_round(inst, users, rnd)
            ops += n
            slowest = max(slowest, took or 99)
            violations += len(bad)
            tap.ok(not bad, "round %d: kill of %s after %d operations, %d "
                   "messages, back in %.2f s" % (
                       r + 1, what, n, sum(len(u.entries) for u in users),
                       took or -1), "\n".join(bad[:20]))
            if took is None:
                break
    finally:
        if violations:
            tap.note("log:\n" + "\n".join(inst.log().splitlines()[-25:]))
        inst.close()
    tap.note("%d rounds, %d operations, slowest return %.2f s" % (
        args.rounds, ops, slowest))
    tap.note("violations: %d" % violations)
    tap.done()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Start, stop, reload; again after everything was killed."""
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402
from harness import check, wait_for  # noqa: E402

QUICKSTART = os.path.join(harness.ROOT, "etc", "quickstart")


def gone(pids, seconds):
    return wait_for(lambda: not any(harness.alive(p) for p in pids), seconds)


def stop_with_bye(i):
    plain, tls = i.client("t000"), i.client("t001", tls=True)
    idle = i.client("t002", tls=True)
    idle.cmd("SELECT INBOX")
    idle.send("i IDLE\r\n")
    idle.until(rb"^\+")
    early = i.client()
    pids = [p.pid for p in i.tree()]
    start = time.monotonic()
    os.kill(i.master(), signal.SIGTERM)
    for c in (plain, tls, idle, early):
        c.until(rb"^\* BYE", 3)
        check(c.closed(), "connection not closed")
    check(gone(pids, 3), "still there: %s" % [p for p in pids if harness.alive(p)])
    check(time.monotonic() - start < 2.5, "took %.1f s" % (
        time.monotonic() - start))


def again(i):
    start = time.monotonic()
    i.up()
    took = time.monotonic() - start
    check(took < 2, "took %.2f s" % took)


def kill_all(i):
    c = i.client("t003")
    c.append("INBOX", harness.message(1))
    for p in i.tree():
        try:
            p.kill()
        except ProcessLookupError:
            pass
    again(i)
    d = i.client("t003")
    check(d.cmd("STATUS INBOX (MESSAGES)")[0].endswith(b"(MESSAGES 1)"))


def master_killed(i):
    """Without their master the others end by themselves."""
    pids = [p.pid for p in i.tree()]
    os.kill(i.master(), signal.SIGKILL)
    check(gone(pids, 5), "left behind: %s" % [
        p for p in pids if harness.alive(p)])
    i.up()


def serial(i):
    ctx = ssl.create_default_context(cafile=i.ca)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    import socket
    with socket.create_connection((i.host, i.imaps), 5) as s, \
            ctx.wrap_socket(s) as t:
        return t.getpeercert(binary_form=True)


def reload_keeps(i):
    plain, tls = i.client("t004"), i.client("t004", tls=True)
    before = serial(i)
    tmp = tempfile.mkdtemp()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp + "/key.pem",
         "-out", tmp + "/cert.pem", "-days", "30", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"], check=True,
        stderr=subprocess.DEVNULL)
    for f in ("cert.pem", "key.pem"):
        shutil.copyfile(os.path.join(tmp, f), os.path.join(i.dir, f))
    shutil.rmtree(tmp)
    os.kill(i.master(), signal.SIGHUP)
    check(wait_for(lambda: serial(i) != before, 5), "the old certificate still")
    plain.cmd("NOOP")
    tls.cmd("SELECT INBOX")
    tls.send("i IDLE\r\n")
    tls.until(rb"^\+")
    plain.append("INBOX", harness.message(2))
    tls.until(rb"^\* \d+ EXISTS", 3)


def reload_bad(i):
    c = i.client("t005")
    conf = os.path.join(i.dir, "postern.conf")
    with open(conf) as f:
        good = f.read()
    with open(conf, "a") as f:
        f.write('\nno-such-setting = "x"\n')
    os.kill(i.master(), signal.SIGHUP)
    time.sleep(0.5)
    c.cmd("NOOP")
    with i.client("t005", tls=True) as d:
        d.cmd("NOOP")
    check("no-such-setting" in i.log(), "nothing in the log")
    with open(conf, "w") as f:
        f.write(good)


def bad_setting(i):
    d = tempfile.mkdtemp()
    try:
        os.chmod(d, 0o711)
        with open(d + "/extra", "w") as f:
            f.write('linger-secnds = 5\n')
        r = subprocess.run(
            ["sh", QUICKSTART, "--background", "--no-install", "--dir", d,
             "--config", d + "/extra", "--user", "a:b", "--imap",
             str(i.imap + 1000), "--imaps", str(i.imaps + 1000), "--lmtp",
             str(i.lmtp + 1000)], env=dict(os.environ, POSTERN_BIN=i.bin),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
        out = r.stdout.decode()
        r2 = subprocess.run([os.path.join(i.bin, "postern"), "--config",
                             d + "/postern.conf", "--libexec",
                             os.path.join(i.bin, "libexec"),
                             "--pid-file", d + "/pid"], timeout=10,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        check(r2.returncode == 78, "exit %d" % r2.returncode)
        check("linger-seconds" in r2.stdout.decode(), r2.stdout.decode())
        check(r.returncode != 0, "quickstart started it: " + out)
    finally:
        shutil.rmtree(d)


def foreground():
    d = tempfile.mkdtemp(prefix="postern-fg-")
    os.chmod(d, 0o711)
    a, b, c = harness.free_ports(3)
    p = subprocess.Popen(
        ["sh", QUICKSTART, "--no-install", "--dir", d + "/sub", "--imap", str(a),
         "--imaps", str(b), "--lmtp", str(c)], stdin=subprocess.DEVNULL,
        env=dict(os.environ, POSTERN_BIN=os.environ.get(
            "POSTERN_BIN", os.path.join(harness.ROOT, "build"))),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        out = b""
        while b"Ctrl-C" not in out:
            l = p.stdout.readline()
            check(l, "it ended: " + out.decode())
            out += l
        c = harness.Imap("127.0.0.1", b, d + "/sub/ca.pem")
        c.login("demo", "demo")
        check(b"MESSAGES 3" in c.cmd("STATUS INBOX (MESSAGES)")[0], "demo mail")
        with open(d + "/sub/master.pid") as f:
            pids = [x.pid for x in harness.process_tree(int(f.read()))]
        p.send_signal(signal.SIGINT)
        check(p.wait(5) == 0, "exit %s" % p.returncode)
        check(gone(pids, 1), "processes left")
    finally:
        if p.poll() is None:
            p.kill()
        subprocess.run(["sh", QUICKSTART, "--stop", "--dir", d + "/sub"],
                       stdout=subprocess.DEVNULL)
        shutil.rmtree(d, ignore_errors=True)


def main():
    tap = harness.Tap()
    i = harness.Instance.start()
    try:
        tap.run("SIGTERM: BYE to all clients, everything ends within 2 s",
                stop_with_bye, i)
        tap.run("up again within 2 s", again, i)
        tap.run("kill -9 of all processes: up within 2 s, mail is there",
                kill_all, i)
        tap.run("kill -9 of the master: no process stays", master_killed, i)
        tap.run("SIGHUP with a bad setting changes nothing", reload_bad, i)
        tap.run("SIGHUP keeps sessions and takes a new certificate",
                reload_keeps, i)
        tap.run("unknown setting: nearest name, exit 78, nothing started",
                bad_setting, i)
        tap.run("quickstart in the foreground: demo mail, ends clean on SIGINT",
                foreground)
    finally:
        if tap.failed:
            tap.note("log:\n" + "\n".join(i.log().splitlines()[-25:]))
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A private Debian Dovecot for comparison: own folder, config and ports.

In its fastest honest form: login processes that serve many connections, imap
processes that are reused, limits out of the way, plain passwords in a file.
Durability is Dovecot's own default (mail_fsync = optimized: an APPEND is synced
before its OK). Needs root and the packages dovecot-imapd and dovecot-lmtpd.

Run by hand it starts one and prints the environment for the test scripts:
    dovecot.py start DIR [sdbox|maildir]; dovecot.py stop DIR
"""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402

CONFIG = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
ssl = yes
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_cache_size = {cache}
auth_cache_ttl = 1 hour
mail_location = {location}
mail_uid = {uid}
mail_gid = {uid}
first_valid_uid = 1000
mail_max_userip_connections = 5000
recipient_delimiter = +
mail_attribute_dict =
passdb {{
  driver = passwd-file
  args = scheme={scheme} username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={dir}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  service_count = 0
  process_min_avail = {cores}
  process_limit = {cores}
  client_limit = 5000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  service_count = 256
  process_min_avail = {avail}
  process_limit = 4096
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  client_limit = 20000
}}
service anvil {{
  client_limit = 20000
}}
default_client_limit = 20000
default_process_limit = 4096
"""

LOCATION = {"sdbox": "sdbox:~/sdbox", "maildir": "maildir:~/Maildir"}
UID = 24999


def installed():
    return shutil.which("dovecot", path="/usr/sbin:/usr/bin") is not None


class Dovecot:
    def __init__(self, dir, format="sdbox", users=None, cache=False,
                 scheme="PLAIN"):
        self.dir, self.format = dir, format
        self.host = "127.0.0.1"
        os.makedirs(os.path.join(dir, "mail"), exist_ok=True)
        os.chmod(dir, 0o755)
        self.imap, self.imaps, self.lmtp = harness.free_ports(3)
        self.ca = os.path.join(dir, "cert.pem")
        self.cache = cache
        self.scheme = scheme
        self.users = users or [("t%03d" % i, harness.PASSWORD)
                               for i in range(300)] + [
                                   ("fix@mail.example", harness.PASSWORD)]

    def configure(self):
        d = self.dir
        os.chown(os.path.join(d, "mail"), UID, UID)
        if not os.path.exists(self.ca):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                 os.path.join(d, "key.pem"), "-out", self.ca, "-days", "30",
                 "-subj", "/CN=localhost", "-addext",
                 "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                check=True, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        with open(os.path.join(d, "users"), "w") as f:
            for name, pw in self.users:
                f.write("%s:%s::::::\n" % (name, pw))
        with open(os.path.join(d, "dovecot.conf"), "w") as f:
            f.write(CONFIG.format(
                dir=d, location=LOCATION[self.format], uid=UID,
                imap=self.imap, imaps=self.imaps, lmtp=self.lmtp,
                cores=os.cpu_count() or 2, avail=8, scheme=self.scheme,
                cache="10M" if self.cache else "0"))

    def start(self):
        self.configure()
        self.proc = subprocess.Popen(
            ["dovecot", "-F", "-c", os.path.join(self.dir, "dovecot.conf")],
            stdin=subprocess.DEVNULL, start_new_session=True,
            stdout=open(os.path.join(self.dir, "out"), "ab"),
            stderr=subprocess.STDOUT)
        with open(os.path.join(self.dir, "pid"), "w") as f:
            f.write(str(self.proc.pid))
        for _ in range(100):
            try:
                harness.Imap(self.host, self.imap).close()
                break
            except (OSError, harness.Closed):
                time.sleep(0.05)
        else:
            raise RuntimeError("dovecot did not start: see %s/log" % self.dir)
        return self

    def master(self):
        return self.proc.pid

    def stop(self):
        stop(self.proc.pid)
        self.proc.wait()


def stop(pid):
    tree = harness.process_tree(pid)
    for sig in (signal.SIGTERM, signal.SIGKILL):
        for p in tree if sig == signal.SIGKILL else tree[:1]:
            try:
                p.kill(sig)
            except OSError:
                pass
        if harness.wait_for(lambda: not any(harness.alive(p.pid)
                                            for p in tree), 5):
            return


def main():
    if sys.argv[1:2] == ["stop"]:
        with open(os.path.join(sys.argv[2], "pid")) as f:
            stop(int(f.read()))
        return
    d = Dovecot(os.path.abspath(sys.argv[2]), *(sys.argv[3:4] or ["sdbox"]))
    d.start()
    print("export POSTERN_HOST=127.0.0.1 POSTERN_IMAP=%d POSTERN_IMAPS=%d "
          "POSTERN_LMTP=%d POSTERN_CA=%s" % (d.imap, d.imaps, d.lmtp, d.ca))


if __name__ == "__main__":
    main()

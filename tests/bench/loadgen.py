# SPDX-License-Identifier: ISC
"""The load generator (load.c): building it, calling it."""
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def build(dir):
    """Builds it in dir; its path."""
    out = os.path.join(dir, "load")
    subprocess.run(
        ["cc", "-std=gnu11", "-O2", "-o", out] +
        [os.path.join(HERE, f) for f in ("load.c", "client.c", "gen.c")] +
        ["-lssl", "-lcrypto", "-lpthread", "-lm"], check=True)
    return out


def call(program, port, user, password, *args, tls=False):
    """One kind of work, as load.c's usage has it; its JSON."""
    cmd = [program, "-p", str(port), "-u", user, "-w", password]
    r = subprocess.run(cmd + (["-t"] if tls else []) + [str(a) for a in args],
                       timeout=1800, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if r.returncode:
        raise RuntimeError("load %s: %s" % (" ".join(map(str, args)),
                                            r.stderr.decode(errors="replace")))
    return json.loads(r.stdout)

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes a Maildir of N mixed messages, the same ones each time.

All kinds that clients get to see: plain, alternative, attachments, nested
messages, 8-bit bodies, raw 8-bit headers, folded and encoded headers, long lines,
no body, no end of line, a multipart without its boundary, empty lines first.
    mixed_maildir.py DIR N
"""
import base64
import os
import random
import sys


def header(n, r, extra=b""):
    subject = [b"Subject: plain %d" % n,
               b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n =?utf-8?b?w7Y=?= %d" % n,
               b"Subject: gr\xfc\xdfe %d" % n,
               b"Subject: a long subject\n\tthat is folded\n over lines %d" % n,
               b"Subject:"][n % 5]
    return (b"From: Sender %d <s%d@example.org>\nTo: a@example.org,\n b@example.org\n"
            b"%s\nDate: Mon, %d Mar 2026 10:%02d:00 +0100\n"
            b"Message-ID: <mixed.%d.%d@example.org>\n%s" % (
                n, n % 9, subject, n % 28 + 1, n % 60, n, r.randrange(10**9), extra))


def text(r, lines):
    return b"".join(b"%s\n" % bytes(r.choice(b"abcdefgh ijklmnop.,-") for _ in
                                   range(r.randrange(5, 75)))
                    for _ in range(lines))


def make(n):
    r = random.Random(n)
    kind = n % 12
    if kind == 0:
        return header(n, r) + b"\n" + text(r, r.randrange(1, 60))
    if kind == 1:
        return header(n, r, b"MIME-Version: 1.0\nContent-Type: multipart/alternative;"
                      b" boundary=\"b\"\n") + b"\n--b\n\nplain\n--b\nContent-Type: " \
            b"text/html\n\n<p>" + text(r, 20) + b"</p>\n--b--\n"
    if kind == 2:
        data = base64.encodebytes(r.randbytes(r.randrange(10, 60000)))
        return header(n, r, b"MIME-Version: 1.0\nContent-Type: multipart/mixed; "
                      b"boundary=b2\n") + b"\n--b2\n\nsee\n--b2\nContent-Type: " \
            b"application/octet-stream\nContent-Transfer-Encoding: base64\n\n" + \
            data + b"--b2--\n"
    if kind == 3:
        return header(n, r, b"Content-Type: message/rfc822\n") + b"\n" + \
            header(n + 5000, r) + b"\ninner\n"
    if kind == 4:
        return header(n, r, b"Content-Type: text/plain; charset=iso-8859-1\n"
                      b"Content-Transfer-Encoding: 8bit\n") + \
            b"\nl\xe4nger\n" + text(r, 5)
    if kind == 5:
        return header(n, r) + b"\n" + b"x" * r.randrange(1000, 9000) + b"\n"
    if kind == 6:
        return header(n, r) + b"\n"
    if kind == 7:
        return header(n, r) + b"\nno end of line"
    if kind == 8:
        return header(n, r, b"Content-Type: multipart/mixed\n") + b"\nnothing\n"
    if kind == 9:
        return header(n, r) + b"\n\n\n.dot\n..\nFrom here\n{10}\n" + text(r, 3)
    if kind == 10:
        return header(n, r, b"X-Long: " + b"y" * 900 + b"\n") + b"\nbody\n"
    return header(n, r, b"Content-Type: multipart/mixed; boundary=\"open\"\n") + \
        b"\n--open\n\nnever closed\n"


def main():
    d, count = sys.argv[1], int(sys.argv[2])
    for s in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(d, s), exist_ok=True)
    for n in range(count):
        flags = ["", "S", "RS", "FS", "F", "S"][n % 6]
        with open(os.path.join(d, "cur", "17%08d.m%d.test:2,%s" % (n, n, flags)),
                  "wb") as f:
            f.write(make(n))


if __name__ == "__main__":
    main()

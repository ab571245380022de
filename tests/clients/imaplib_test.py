#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""python3's imaplib: its calls over TLS and STARTTLS."""
import imaplib
import os
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import harness  # noqa: E402

USER = "t284"
MESSAGE = harness.message(1, subject="for imaplib")


def good(r):
    harness.check(r[0] == "OK", repr(r))
    return r[1]


def session(tap, m):
    tap.run("login", lambda: good(m.login(USER, harness.PASSWORD)) and None)
    tap.run("capabilities", lambda: "IMAP4REV1" in m.capabilities)
    tap.run("enable", lambda: good(m.enable("CONDSTORE")) and None)
    tap.run("create", lambda: good(m.create("pybox")) and None)
    tap.run("append", lambda: good(m.append(
        "pybox", r"(\Seen)", imaplib.Time2Internaldate(time.time()), MESSAGE))
        and None)
    tap.run("select", lambda: good(m.select("pybox"))[0] == b"1")

    def fetch():
        d = good(m.fetch("1", "(FLAGS BODY.PEEK[])"))
        harness.check(d[0][1] == MESSAGE, "not the same bytes")
    tap.run("fetch: the same bytes", fetch)
    tap.run("search", lambda: good(m.search(None, "SUBJECT", '"imaplib"'))
            == [b"1"])
    tap.run("uid search with a literal", lambda: search_literal(m))
    tap.run("store", lambda: b"Flagged" in good(
        m.store("1", "+FLAGS", r"(\Flagged)"))[0])
    tap.run("copy", lambda: good(m.copy("1", "INBOX")) and None)
    tap.run("status", lambda: b"MESSAGES" in good(
        m.status("INBOX", "(MESSAGES)"))[0])
    tap.run("expunge", lambda: good(m.store("1", "+FLAGS", r"(\Deleted)")) and
            good(m.expunge()) == [b"1"])
    tap.run("list", lambda: any(b"pybox" in x for x in good(m.list())))
    tap.run("namespace", lambda: good(m.namespace()) and None)
    tap.run("close", lambda: good(m.close()) and None)
    tap.run("rename and delete", lambda: good(m.rename("pybox", "pybox2")) and
            good(m.delete("pybox2")) and None)
    tap.run("logout", lambda: m.logout()[0] == "BYE")


def search_literal(m):
    m.literal = "imaplib".encode()
    return good(m.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT")) == [b"1"]


def main():
    tap = harness.Tap()
    i = harness.Instance.get()
    try:
        ctx = ssl.create_default_context(cafile=i.ca)
        tap.note("over TLS")
        session(tap, imaplib.IMAP4_SSL("localhost", i.imaps, ssl_context=ctx))
        tap.note("STARTTLS")
        m = imaplib.IMAP4("localhost", i.imap)
        tap.run("starttls", lambda: good(m.starttls(ctx)) and None)
        session(tap, m)
    finally:
        i.close()
    tap.done()


if __name__ == "__main__":
    main()

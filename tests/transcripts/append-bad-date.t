# RFC 3501 9: an APPEND with a bad date is refused before its literal, and the session goes on
C: a1 APPEND INBOX "99-Foo-2026 00:00:00 +0000" {3}
S: a1 BAD {{.*}}
C: a2 NOOP
S~: a2 OK {{.*}}

# RFC 3501 7.4.2: the fields of ENVELOPE in their order; Sender and Reply-To from From
append INBOX plain.eml
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 ENVELOPE
S: * 1 FETCH (ENVELOPE ("Mon, 02 Mar 2026 10:00:00 +0100" "First plain message" (("Ann Ant" NIL "ann" "example.org")) (("Ann Ant" NIL "ann" "example.org")) (("Ann Ant" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) ((NIL NIL "carol" "example.com")) NIL NIL "<plain.1@example.org>"))
S: a2 OK {{.*}}
C: a3 FETCH 2 ENVELOPE
S: * 2 FETCH (ENVELOPE ({{.*}} NIL NIL "<plain.1@example.org>" "<two.2@example.org>"))
S: a3 OK {{.*}}

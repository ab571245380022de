# RFC 3501 7.4.2: group addresses have a start and an end entry
append INBOX group.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 ENVELOPE
S: * 1 FETCH (ENVELOPE ({{.*}} ((NIL NIL "Friends" NIL)(NIL NIL "a" "example.org")("B. B" NIL "b" "example.org")(NIL NIL NIL NIL)(NIL NIL "c" "example.org")) ((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL)) NIL NIL NIL))
S: a2 OK {{.*}}

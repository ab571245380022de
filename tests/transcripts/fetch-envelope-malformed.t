# RFC 3501 7.4.2: a date that is none stays as it is; missing fields are NIL
append INBOX baddate.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 ENVELOPE
S: * 1 FETCH (ENVELOPE ("the day after yesterday" "a date that is none" ((NIL NIL "x" "example.org")) ((NIL NIL "x" "example.org")) ((NIL NIL "x" "example.org")) NIL NIL NIL NIL NIL))
S: a2 OK {{.*}}

# RFC 3501 6.4.5: FETCH by number, range, list and star; FAST is a macro
append INBOX (\Seen) plain.eml
append INBOX two.eml
append INBOX (\Answered) mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1,3 FLAGS
S: * 1 FETCH (FLAGS ({{.*\\Seen.*}}))
S: * 3 FETCH (FLAGS ({{.*\\Answered.*}}))
S: a2 OK {{.*}}
C: a3 FETCH *:2 (UID)
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: a3 OK {{.*}}
C: a4 FETCH 2 FAST
S: * 2 FETCH ({{(?=.*FLAGS \()(?=.*INTERNALDATE ")(?=.*RFC822.SIZE \d).*}})
S: a4 OK {{.*}}
C: a5 FETCH 4 FLAGS
S~: a5 {{BAD|NO|OK}} {{.*}}

# RFC 3501 9: nonsense in FETCH is BAD and breaks nothing
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 0 FLAGS
S: a2 BAD {{.*}}
C: a3 FETCH 1 NONSENSE
S: a3 BAD {{.*}}
C: a4 FETCH 1 BODY[
S: a4 BAD {{.*}}
C: a5 FETCH 1 BODY.PEEK[1.MIME.2]
S: a5 BAD {{.*}}
C: a6 FETCH 1 ()
S: a6 BAD {{.*}}
C: a7 FETCH
S: a7 BAD {{.*}}
C: a8 FETCH 99999999999999999999 FLAGS
S: a8 BAD {{.*}}
C: a9 FETCH 1 FLAGS
S: * 1 FETCH (FLAGS ({{.*}}))
S: a9 OK {{.*}}

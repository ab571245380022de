# RFC 3501 6.3.1: a failed SELECT leaves no mailbox selected
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SELECT nosuch
S~: a2 NO [NONEXISTENT] {{.*}}
C: a3 FETCH 1 FLAGS
S~: a3 BAD {{.*}}

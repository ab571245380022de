# RFC 3501 6.3.4: deleting the mailbox another session has open does not break that session
append INBOX plain.eml
create gone
append gone plain.eml
connect 1
C: a1 SELECT gone
S~: a1 OK {{.*}}
C1: b1 DELETE gone
S1~: b1 OK {{.*}}
C: a2 FETCH 1 BODY.PEEK[]
S~: {{a2 .*|\* BYE.*}}
C1: b2 SELECT gone
S1~: b2 NO {{.*}}
C1: b3 SELECT INBOX
S1~: b3 OK {{.*}}

# RFC 2177: IDLE reports flag changes and expunges of another session
append INBOX plain.eml
append INBOX two.eml
connect 1
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 IDLE
S: +{{.*}}
C1: b1 SELECT INBOX
S1~: b1 OK {{.*}}
C1: b2 STORE 2 +FLAGS (\Flagged)
S1~: b2 OK {{.*}}
S~: * 2 FETCH ({{.*Flagged.*}})
C1: b3 STORE 1 +FLAGS (\Deleted)
S1~: b3 OK {{.*}}
C1: b4 EXPUNGE
S1~: b4 OK {{.*}}
S~: * 1 EXPUNGE
C: DONE
S~: a2 OK {{.*}}

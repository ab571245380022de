# RFC 3501 2.3.2: \Recent is for the first session that selects read-write
append INBOX plain.eml
connect 1
C: a1 SELECT INBOX
S*: * 1 RECENT
S~: a1 OK {{.*}}
C: a2 FETCH 1 FLAGS
S: * 1 FETCH (FLAGS ({{.*\\Recent.*}}))
S: a2 OK {{.*}}
C1: b1 SELECT INBOX
S1*: * 0 RECENT
S1~: b1 OK {{.*}}
C: a3 STATUS INBOX (RECENT)
S: * STATUS INBOX (RECENT {{0|1}})
S: a3 OK {{.*}}

# RFC 3501 2.3.2: \Recent cannot be set by a client
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 STORE 1 +FLAGS (\Recent)
S~: a2 {{BAD|NO|OK}} {{.*}}
connect 1
C1: b1 SELECT INBOX
S1*: * 0 RECENT
S1~: b1 OK {{.*}}
C1: b2 STORE 1 FLAGS (\Recent)
S1~: b2 {{BAD|NO|OK}} {{.*}}
C1: b3 FETCH 1 FLAGS
S1!: {{.*Recent.*}}
S1~: b3 OK {{.*}}

# RFC 3501 5.2, 7.4.2: another session's flag change is seen with the next command
append INBOX plain.eml
connect 1
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C1: b1 SELECT INBOX
S1~: b1 OK {{.*}}
C1: b2 STORE 1 +FLAGS (\Flagged)
S1~: b2 OK {{.*}}
C: a2 NOOP
S*: * 1 FETCH ({{.*Flagged.*}})
S~: a2 OK {{.*}}

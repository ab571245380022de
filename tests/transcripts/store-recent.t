# RFC 3501 2.3.2: \Recent cannot be set by a client
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 STORE 1 +FLAGS (\Recent)
S~: a2 {{BAD|NO}} {{.*}}

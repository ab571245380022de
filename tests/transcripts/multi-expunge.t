# RFC 3501 7.4.1: EXPUNGE is not sent during FETCH, STORE or SEARCH; NOOP brings it
append INBOX plain.eml
append INBOX two.eml
connect 1
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C1: b1 SELECT INBOX
S1~: b1 OK {{.*}}
C1: b2 STORE 1 +FLAGS (\Deleted)
S1~: b2 OK {{.*}}
C1: b3 EXPUNGE
S1~: b3 OK {{.*}}
C: a2 FETCH 2 UID
S!: * {{\d+}} EXPUNGE
S~: a2 {{OK|NO}} {{.*}}
C: a3 SEARCH ALL
S!: * {{\d+}} EXPUNGE
S~: a3 {{OK|NO}} {{.*}}
C: a4 STORE 2 +FLAGS.SILENT (\Seen)
S!: * {{\d+}} EXPUNGE
S~: a4 {{OK|NO}} {{.*}}
C: a5 NOOP
S*: * 1 EXPUNGE
S~: a5 OK {{.*}}
C: a6 FETCH 1 (UID FLAGS)
S: * 1 FETCH ({{(?=.*UID 2)(?=.*Seen).*}})
S: a6 OK {{.*}}

# RFC 3501 2.3.1.1: UIDs only grow, also after the last message was expunged
append INBOX (\Deleted) plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 EXPUNGE
S~: a2 OK {{.*}}
append INBOX plain.eml
C: a3 NOOP
S~: a3 OK {{.*}}
C: a4 FETCH 1 UID
S: * 1 FETCH (UID 2)
S: a4 OK {{.*}}

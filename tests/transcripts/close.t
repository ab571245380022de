# RFC 3501 6.4.2: CLOSE expunges without EXPUNGE responses; after EXAMINE it does not
append INBOX (\Deleted) plain.eml
append INBOX two.eml
C: a1 EXAMINE INBOX
S~: a1 OK {{.*}}
C: a2 CLOSE
S: a2 OK {{.*}}
C: a3 SELECT INBOX
S*: * 2 EXISTS
S~: a3 OK {{.*}}
C: a4 CLOSE
S: a4 OK {{.*}}
C: a5 SELECT INBOX
S*: * 1 EXISTS
S~: a5 OK {{.*}}

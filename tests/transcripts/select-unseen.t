# RFC 3501 6.3.1: SELECT names the first unseen message; flags given at APPEND are kept
append INBOX (\Seen) plain.eml
append INBOX two.eml
append INBOX mime.eml
C: a1 SELECT INBOX
S*: * 3 EXISTS
S*: * OK [UNSEEN 2]{{.*}}
S~: a1 OK [READ-WRITE] {{.*}}

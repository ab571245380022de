# RFC 3501 6.4.3: EXPUNGE removes \Deleted messages; numbers shrink as it goes
append INBOX plain.eml
append INBOX (\Deleted) two.eml
append INBOX mime.eml
append INBOX (\Deleted) plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 EXPUNGE
S*: * {{2|4}} EXPUNGE
S~: a2 OK {{.*}}
C: a3 FETCH 1:* UID
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 3)
S: a3 OK {{.*}}

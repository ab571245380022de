# RFC 6851 3.3: MOVE to a mailbox that is not there moves nothing
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 MOVE 1 nosuch
S!: * 1 EXPUNGE
S~: a2 NO [TRYCREATE] {{.*}}
C: a3 FETCH 1 UID
S: * 1 FETCH (UID 1)
S: a3 OK {{.*}}

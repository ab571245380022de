# RFC 4315 2.1: UID EXPUNGE removes only those of the set
append INBOX (\Deleted) plain.eml
append INBOX (\Deleted) two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 UID EXPUNGE 2
S: * 2 EXPUNGE
S~: a2 OK {{.*}}
C: a3 FETCH 1 (UID FLAGS)
S: * 1 FETCH ({{(?=.*UID 1)(?=.*Deleted).*}})
S: a3 OK {{.*}}

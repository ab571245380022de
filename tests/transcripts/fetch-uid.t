# RFC 3501 6.4.8: UID FETCH always has the UID; UIDs that are not there are no error
append INBOX plain.eml
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 UID FETCH 2:100 FLAGS
S: * 2 FETCH ({{(?=.*UID 2)(?=.*FLAGS).*}})
S: a2 OK {{.*}}
C: a3 UID FETCH 50 FLAGS
S: a3 OK {{.*}}
C: a4 UID FETCH 999:* UID
S: * 2 FETCH (UID 2)
S: a4 OK {{.*}}

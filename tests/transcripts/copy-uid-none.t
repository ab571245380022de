# RFC 3501 6.4.8: UID COPY of UIDs that are not there is OK and copies nothing
append INBOX plain.eml
create dst2
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 UID COPY 77 dst2
S~: a2 OK {{(?!\[COPYUID).*}}
C: a3 STATUS dst2 (MESSAGES)
S: * STATUS dst2 (MESSAGES 0)
S: a3 OK {{.*}}

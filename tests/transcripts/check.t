# RFC 3501 6.4.1: CHECK answers OK
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 CHECK
S: a2 OK {{.*}}

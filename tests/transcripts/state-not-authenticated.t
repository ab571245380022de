# RFC 3501 3.1: mailbox commands before login are BAD
raw
S: * OK {{.*}}
C: a1 SELECT INBOX
S: a1 BAD {{.*}}
C: a2 FETCH 1 FLAGS
S: a2 BAD {{.*}}
C: a3 LOGIN $USER secret
S~: a3 OK {{.*}}

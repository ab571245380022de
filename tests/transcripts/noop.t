# RFC 3501 6.1.2: NOOP answers OK in every state
C: a1 NOOP
S: a1 OK {{.*}}
C: a2 SELECT INBOX
S~: a2 OK {{.*}}
C: a3 noop
S: a3 OK {{.*}}

# RFC 8314 3.2: IMAP over implicit TLS, login and a command
tls
C: a1 SELECT INBOX
S~: a1 OK [READ-WRITE] {{.*}}
C: a2 LOGOUT
S~: a2 OK {{.*}}
closed C

# RFC 2177: IDLE over TLS, the message comes in by LMTP
tls
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 IDLE
S: +{{.*}}
deliver plain.eml
S~: * 1 EXISTS
C: DONE
S~: a2 OK {{.*}}

# RFC 2177: IDLE reports a message that another session appends, at once
connect 1
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 IDLE
S: +{{.*}}
C1: b1 APPEND INBOX {@+}
L: Subject: ping
L:
L: x
C1:
S1~: b1 OK {{.*}}
S~: * 1 EXISTS
C: DONE
S~: a2 OK {{.*}}

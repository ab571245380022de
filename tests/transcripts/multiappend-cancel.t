# RFC 3502 6.3.11: a second message that is too big undoes the first
C: a1 APPEND INBOX {@+}
L: Subject: one
L:
L: 1
C:  {4000000000}
S~: a1 NO {{.*}}
C: a2 STATUS INBOX (MESSAGES)
S~: * STATUS INBOX (MESSAGES 0)
S: a2 OK {{.*}}

# RFC 3501 6.3.5: RENAME INBOX moves its messages, INBOX stays, empty
append INBOX plain.eml
C: a1 RENAME INBOX saved
S~: a1 OK {{.*}}
C: a2 STATUS saved (MESSAGES)
S: * STATUS saved (MESSAGES 1)
S: a2 OK {{.*}}
C: a3 STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 0)
S: a3 OK {{.*}}

# RFC 5233: user+detail is the same user
deliver plain.eml lists
C: a1 STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 1)
S: a1 OK {{.*}}

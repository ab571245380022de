# RFC 7888: non-synchronizing literals get no continuation
C-: a1 STATUS {5+}<CRLF>INBOX (MESSAGES)<CRLF>
S: * STATUS INBOX (MESSAGES 0)
S: a1 OK {{.*}}

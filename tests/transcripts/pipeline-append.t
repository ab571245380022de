# RFC 7888, 3501 5.5: APPENDs, SELECT and FETCH in one write
C: a1 APPEND INBOX {@+}
L: Subject: one
L:
L: 1
C-: <CRLF>a2 APPEND INBOX {10+}<CRLF>A: b<CRLF><CRLF>x<CRLF><CRLF>a3 SELECT INBOX<CRLF>a4 FETCH 1:* UID<CRLF>
S~: a1 OK {{.*}}
S~: a2 OK {{.*}}
S*: * 2 EXISTS
S~: a3 OK {{.*}}
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 2)
S: a4 OK {{.*}}

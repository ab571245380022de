# RFC 3501 6.3.11: what was appended comes back byte for byte, dots, 8-bit and no end of line too
C: a1 APPEND INBOX {@+}
L: From: x@example.org
L:
L: .dot
L: ..
L: tab	and <8BIT>
L-: no end
C:
S~: a1 OK {{.*}}
C: a2 SELECT INBOX
S~: a2 OK {{.*}}
C: a3 FETCH 1 BODY.PEEK[]
S: * 1 FETCH (BODY[] {{\{\d+\}}}<CRLF>From: x@example.org<CRLF><CRLF>.dot<CRLF>..<CRLF>tab	and <8BIT><CRLF>no end)
S: a3 OK {{.*}}

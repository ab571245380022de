# RFC 3501 6.4.5: partial fetches: origin in the answer, past the end is empty
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 BODY.PEEK[TEXT]<6.4>
S: * 1 FETCH (BODY[TEXT]<6> {{\{3,4\}|\{4\}}}<CRLF>Bob,)
S: a2 OK {{.*}}
C: a3 FETCH 1 BODY.PEEK[]<100000.10>
S: * 1 FETCH (BODY[]<100000> {{(""|\{0\}<CRLF>)}})
S: a3 OK {{.*}}

# RFC 3501 6.4.5: RFC822, RFC822.HEADER and RFC822.TEXT; RFC822.HEADER sets no \Seen
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 RFC822.HEADER
S: * 1 FETCH (RFC822.HEADER {{\{\d+\}}}<CRLF>From: Dave {{.*}}X-Custom: blue<CRLF><CRLF>)
S: a2 OK {{.*}}
C: a3 FETCH 1 FLAGS
S: * 1 FETCH (FLAGS ({{(?!.*Seen).*}}))
S: a3 OK {{.*}}
C: a4 FETCH 1 RFC822.TEXT
S: * 1 FETCH ({{.*}}RFC822.TEXT {{\{20\}<CRLF>|"}}Only a short line.<CRLF>{{.*}})
S~: a4 OK {{.*}}
C: a5 FETCH 1 FLAGS
S: * 1 FETCH (FLAGS ({{.*Seen.*}}))
S: a5 OK {{.*}}

# RFC 3501 6.4.5: HEADER.FIELDS and HEADER.FIELDS.NOT, in the order of the message
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 BODY.PEEK[HEADER.FIELDS (X-CUSTOM Subject X-None)]
S: * 1 FETCH (BODY[HEADER.FIELDS ({{.*}})] {{\{\d+\}}}<CRLF>Subject: Second thing<CRLF>X-Custom: blue<CRLF><CRLF>)
S: a2 OK {{.*}}
C: a3 FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (From To Date Message-ID In-Reply-To Subject)]
S: * 1 FETCH (BODY[HEADER.FIELDS.NOT ({{.*}})] {{\{\d+\}}}<CRLF>X-Custom: blue<CRLF><CRLF>)
S: a3 OK {{.*}}

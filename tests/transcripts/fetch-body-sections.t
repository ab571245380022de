# RFC 3501 6.4.5: sections of a multipart: parts, MIME, HEADER and TEXT of the inner message
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 BODY.PEEK[1]
S: * 1 FETCH (BODY[1] {{\{\d+\}}}<CRLF>Gr=C3=BC=C3=9Fe aus K=C3=B6ln)
S: a2 OK {{.*}}
C: a3 FETCH 1 BODY.PEEK[1.MIME]
S: * 1 FETCH (BODY[1.MIME] {{\{\d+\}}}<CRLF>Content-Type: text/plain; charset=utf-8<CRLF>Content-Transfer-Encoding: quoted-printable<CRLF><CRLF>)
S: a3 OK {{.*}}
C: a4 FETCH 1 BODY.PEEK[2.HEADER.FIELDS (Subject)]
S: * 1 FETCH (BODY[2.HEADER.FIELDS ({{"?(?i:subject)"?}})] {{\{26\}}}<CRLF>Subject: inner subject<CRLF><CRLF>)
S: a4 OK {{.*}}
C: a5 FETCH 1 BODY.PEEK[2.TEXT]
S: * 1 FETCH (BODY[2.TEXT] {{\{\d+\}}}<CRLF>inner body)
S: a5 OK {{.*}}
C: a6 FETCH 1 BODY.PEEK[3]
S: * 1 FETCH (BODY[3] {{\{16\}<CRLF>AAECAwQFBgcICQ==|"AAECAwQFBgcICQ=="}})
S: a6 OK {{.*}}
C: a7 FETCH 1 BODY.PEEK[9]
S: * 1 FETCH (BODY[9] {{NIL|""|\{0\}<CRLF>}})
S: a7 OK {{.*}}

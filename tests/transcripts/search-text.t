# RFC 3501 6.4.4: FROM, TO, CC, SUBJECT, HEADER, BODY and TEXT are substrings, any case
append INBOX plain.eml
append INBOX two.eml
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH FROM ANN@
S: * SEARCH 1
S: a2 OK {{.*}}
C: a3 SEARCH SUBJECT "second THING"
S: * SEARCH 2
S: a3 OK {{.*}}
C: a4 SEARCH HEADER X-Custom ""
S: * SEARCH 2
S: a4 OK {{.*}}
C: a5 SEARCH BODY quipedal
S: * SEARCH 1
S: a5 OK {{.*}}
C: a6 SEARCH TEXT "carol@"
S: * SEARCH 1
S: a6 OK {{.*}}
C: a7 SEARCH BODY carol@
S: * SEARCH
S: a7 OK {{.*}}
C: a8 SEARCH CC carol
S: * SEARCH 1
S: a8 OK {{.*}}
C: a9 SEARCH TO bob NOT FROM ann
S: * SEARCH 2 3
S: a9 OK {{.*}}

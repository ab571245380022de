# RFC 3501 6.4.7, RFC 4315: COPY keeps flags and date, COPYUID tells the UIDs; TRYCREATE
append INBOX (\Seen kw1) "01-Jan-2026 10:00:00 +0000" plain.eml
append INBOX two.eml
create dst
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 COPY 1:2 dst
S~: a2 OK [COPYUID {{\d+}} 1:2 1:2] {{.*}}
C: a3 COPY 1 nosuch
S~: a3 NO [TRYCREATE] {{.*}}
C: a4 SELECT dst
S*: * 2 EXISTS
S~: a4 OK {{.*}}
C: a5 FETCH 1 (FLAGS INTERNALDATE)
S: * 1 FETCH ({{(?=.*\\Seen)(?=.*kw1)(?=.*INTERNALDATE "[ 0]1-Jan-2026 10:00:00 \+0000").*}})
S: a5 OK {{.*}}

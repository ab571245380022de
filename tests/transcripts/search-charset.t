# RFC 3501 6.4.4: CHARSET UTF-8 matches decoded text; an unknown charset is NO [BADCHARSET]
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH CHARSET UTF-8 SUBJECT {@+}
L-: grüße
C:
S: * SEARCH 1
S: a2 OK {{.*}}
C: a3 SEARCH CHARSET UTF-8 BODY {@+}
L-: Köln
C:
S: * SEARCH 1
S: a3 OK {{.*}}
C: a4 SEARCH CHARSET X-NOSUCH ALL
S: a4 NO [BADCHARSET{{.*}}] {{.*}}

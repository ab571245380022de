# RFC 3501 6.3.11, RFC 4315: APPEND with flags and date, synchronizing literal, APPENDUID
C: a1 APPEND INBOX (\Flagged $Work) "05-Mar-2026 06:07:08 +0200" {@}
L: From: x@example.org
L: Subject: appended
L:
L: body
C:
S~: a1 OK [APPENDUID {{\d+}} 1] {{.*}}
C: a2 SELECT INBOX
S*: * 1 EXISTS
S~: a2 OK {{.*}}
C: a3 FETCH 1 (FLAGS INTERNALDATE UID)
S: * 1 FETCH ({{(?=.*UID 1\b)(?=.*FLAGS \([^)]*\\Flagged)(?=.*FLAGS \([^)]*\$Work)(?=.*INTERNALDATE "[ 0]5-Mar-2026 0[46]:07:08 \+0[02]00").*}})
S: a3 OK {{.*}}

# RFC 3501 6.4.5: INTERNALDATE is what APPEND said, long before 1970 and far from now too
C: a1 APPEND INBOX "12-Apr-1961 06:07:00 +0000" {@+}
L: From: x@example.org
L:
L: far
C:
S~: a1 OK {{.*}}
C: a2 APPEND INBOX "01-Jan-2150 00:00:00 +0000" {@+}
L: From: x@example.org
L:
L: further
C:
S~: a2 OK {{.*}}
C: a3 SELECT INBOX
S~: a3 OK {{.*}}
C: a4 FETCH 1:2 INTERNALDATE
S: * 1 FETCH (INTERNALDATE "12-Apr-1961 06:07:00 +0000")
S: * 2 FETCH (INTERNALDATE "01-Jan-2150 00:00:00 +0000")
S: a4 OK {{.*}}
C: a5 SEARCH BEFORE 1-Jan-1962
S: * SEARCH 1
S: a5 OK {{.*}}
C: a6 SEARCH SINCE 31-Dec-2149
S: * SEARCH 2
S: a6 OK {{.*}}

# RFC 8474: MAILBOXID at CREATE and SELECT, EMAILID stays with COPY
C: a1 CREATE oid
S: a1 OK [MAILBOXID ({{id=[A-Za-z0-9_-]+}})] {{.*}}
append INBOX plain.eml
C: a2 SELECT INBOX
S*: * OK [MAILBOXID ({{[A-Za-z0-9_-]+}})]{{.*}}
S~: a2 OK {{.*}}
C: a3 FETCH 1 (EMAILID THREADID)
S: * 1 FETCH ({{.*}}EMAILID ({{e=[A-Za-z0-9_-]+}}){{.*}})
S: a3 OK {{.*}}
C: a4 COPY 1 oid
S~: a4 OK {{.*}}
C: a5 SELECT oid
S*: * OK [MAILBOXID ({{$id}})]{{.*}}
S~: a5 OK {{.*}}
C: a6 FETCH 1 (EMAILID)
S: * 1 FETCH (EMAILID ({{$e}}))
S: a6 OK {{.*}}
C: a7 STATUS oid (MAILBOXID)
S: * STATUS oid (MAILBOXID ({{$id}}))
S: a7 OK {{.*}}
C: a8 SEARCH EMAILID {{$e}}
S: * SEARCH 1
S: a8 OK {{.*}}

# RFC 8474 4: MAILBOXID survives RENAME
C: a1 CREATE oid1
S: a1 OK [MAILBOXID ({{id=.*?}})] {{.*}}
C: a2 RENAME oid1 oid2
S: a2 OK {{.*}}
C: a3 STATUS oid2 (MAILBOXID)
S: * STATUS oid2 (MAILBOXID ({{$id}}))
S: a3 OK {{.*}}

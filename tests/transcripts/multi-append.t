# RFC 3501 7.3.1: a message appended elsewhere is announced by EXISTS and can be fetched
connect 1
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C1: b1 APPEND INBOX {@+}
L: Subject: hi
L:
L: x
C1:
S1~: b1 OK {{.*}}
C: a2 NOOP
S*: * 1 EXISTS
S~: a2 OK {{.*}}
C: a3 FETCH 1 UID
S: * 1 FETCH (UID 1)
S: a3 OK {{.*}}

# RFC 3501 7.3.1: APPEND to the selected mailbox: EXISTS before the tagged OK
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 APPEND INBOX {@+}
L: Subject: x
L:
L: y
C:
S*: * 1 EXISTS
S~: a2 OK [APPENDUID {{.*}}

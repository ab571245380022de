# RFC 3501 6.3.11: APPEND to a mailbox that is not there: NO [TRYCREATE]
C: a1 APPEND nosuch {@+}
L: From: x@example.org
L:
L: body
C:
S~: a1 NO [TRYCREATE] {{.*}}
C: a2 NOOP
S~: a2 OK {{.*}}

# RFC 3501 9: NUL is in no command: BAD or BYE, and others are served
C: a1 SELECT IN<NUL>BOX
S~: {{a1 BAD|\* BAD|\* BYE}} {{.*}}
connect 1
C1: a2 NOOP
S1: a2 OK {{.*}}

# RFC 3501 9: NUL is in no command
C: a1 SELECT IN<NUL>BOX
S~: {{a1|\*}} BAD {{.*}}
C: a2 NOOP
S: a2 OK {{.*}}

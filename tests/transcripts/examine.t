# RFC 3501 6.3.2: EXAMINE is read-only: STORE and EXPUNGE are refused, BODY[] sets no \Seen
append INBOX plain.eml
C: a1 EXAMINE INBOX
S*: * 1 EXISTS
S~: a1 OK [READ-ONLY] {{.*}}
C: a2 STORE 1 +FLAGS (\Seen)
S~: a2 NO {{.*}}
C: a3 FETCH 1 BODY[TEXT]
S~: a3 OK {{.*}}
C: a4 FETCH 1 FLAGS
S!: {{.*\\Seen.*}}
S~: a4 OK {{.*}}
C: a5 EXPUNGE
S~: a5 NO {{.*}}

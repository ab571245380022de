# RFC 3501 6.4.5: BODY[] sets \Seen and says so, BODY.PEEK[] does not
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 BODY.PEEK[TEXT]
S!: {{.*Seen.*}}
S~: a2 OK {{.*}}
C: a3 FETCH 1 BODY[TEXT]
S*: * 1 FETCH {{.*FLAGS \([^)]*\\Seen.*}}
S~: a3 OK {{.*}}

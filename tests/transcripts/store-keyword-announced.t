# RFC 3501 7.2.6: a new keyword is announced by FLAGS before it is used
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 STORE 1 +FLAGS (NewWord)
S*: * FLAGS ({{.*NewWord.*}})
S~: * 1 FETCH (FLAGS ({{.*NewWord.*}}))
S~: a2 OK {{.*}}

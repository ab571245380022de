# RFC 7162 3.1: without a CONDSTORE command no FETCH carries MODSEQ
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 STORE 1 +FLAGS (\Seen)
S!: {{.*MODSEQ.*}}
S~: a2 OK {{.*}}

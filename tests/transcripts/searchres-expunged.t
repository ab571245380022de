# RFC 5182 2.1: messages expunged since leave "$"
append INBOX plain.eml
append INBOX (\Deleted) two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH RETURN (SAVE) ALL
S~: a2 OK {{.*}}
C: a3 EXPUNGE
S~: a3 OK {{.*}}
C: a4 FETCH $ UID
S: * 1 FETCH (UID 1)
S: a4 OK {{.*}}

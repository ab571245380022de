# RFC 3501 6.4.5: ALL has the ENVELOPE, FULL has BODY too
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 ALL
S: * 1 FETCH ({{(?=.*FLAGS \()(?=.*INTERNALDATE ")(?=.*RFC822.SIZE \d)(?=.*ENVELOPE \().*}})
S: a2 OK {{.*}}
C: a3 FETCH 1 FULL
S: * 1 FETCH ({{(?=.*ENVELOPE \()(?=.*BODY \("(?i:text)" "(?i:plain)" ).*}})
S: a3 OK {{.*}}

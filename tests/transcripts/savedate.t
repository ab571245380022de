# RFC 8514: SAVEDATE is when the message came into this mailbox
append INBOX "01-Jan-2020 10:00:00 +0000" plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 (INTERNALDATE SAVEDATE)
S: * 1 FETCH ({{(?=.*INTERNALDATE "[ 0]1-Jan-2020)(?=.*SAVEDATE "..-...-20(?!20)\d\d ).*}})
S: a2 OK {{.*}}
C: a3 SEARCH SAVEDSINCE 1-Jan-2021
S: * SEARCH 1
S: a3 OK {{.*}}
C: a4 SEARCH SAVEDATESUPPORTED
S: * SEARCH 1
S: a4 OK {{.*}}

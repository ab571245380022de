# RFC 5182: SAVE, then "$" in FETCH, STORE and SEARCH; a failed search empties it
append INBOX (\Seen) plain.eml
append INBOX two.eml
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH RETURN (SAVE) UNSEEN
S~: a2 OK {{.*}}
C: a3 FETCH $ UID
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: a3 OK {{.*}}
C: a4 SEARCH $ SUBJECT Second
S: * SEARCH 2
S: a4 OK {{.*}}
C: a5 SEARCH RETURN (SAVE COUNT) CHARSET X-NOSUCH ALL
S~: a5 NO {{.*}}
C: a6 FETCH $ UID
S: a6 OK {{.*}}

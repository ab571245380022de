# RFC 3501 6.4.4: sequence sets, UID sets, LARGER and SMALLER, parentheses
append INBOX plain.eml
append INBOX two.eml
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH 2:*
S: * SEARCH 2 3
S: a2 OK {{.*}}
C: a3 SEARCH UID 1,3
S: * SEARCH 1 3
S: a3 OK {{.*}}
C: a4 SEARCH LARGER 500
S: * SEARCH 3
S: a4 OK {{.*}}
C: a5 SEARCH OR (1 SMALLER 100000) (3 UNSEEN)
S: * SEARCH 1 3
S: a5 OK {{.*}}
C: a6 SEARCH NONSENSE
S: a6 BAD {{.*}}

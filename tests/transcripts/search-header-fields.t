# RFC 3501 6.4.4: HEADER finds a field whatever its case; a field that no message has finds none
append INBOX plain.eml
append INBOX two.eml
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH HEADER x-CUSTOM ""
S: * SEARCH 2
S: a2 OK {{.*}}
C: a3 SEARCH HEADER X-No-Such-Field ""
S: * SEARCH
S: a3 OK {{.*}}
C: a4 SEARCH NOT HEADER X-Custom "" HEADER From "@"
S: * SEARCH 1 3
S: a4 OK {{.*}}
C: a5 SEARCH OR HEADER X-No-Such-Field "" HEADER X-Custom ""
S: * SEARCH 2
S: a5 OK {{.*}}

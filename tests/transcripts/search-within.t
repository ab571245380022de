# RFC 5032: YOUNGER and OLDER count seconds from arrival
append INBOX "01-Jan-2020 10:00:00 +0000" plain.eml
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH OLDER 86400
S: * SEARCH 1
S: a2 OK {{.*}}
C: a3 SEARCH YOUNGER 3600
S: * SEARCH 2
S: a3 OK {{.*}}
C: a4 SEARCH YOUNGER 0
S: a4 BAD {{.*}}

# RFC 3501 5.1: INBOX is case insensitive, other names are not
create Box
C: a1 SELECT iNbOx
S~: a1 OK {{.*}}
C: a2 SELECT box
S~: a2 NO {{.*}}
C: a3 SELECT "Box"
S~: a3 OK {{.*}}

# RFC 3501 2.3.1.1: a mailbox made anew under an old name gets a new UIDVALIDITY
create box
C: a1 SELECT box
S~: * OK [UIDVALIDITY {{v=\d+}}]{{.*}}
S~: a1 OK {{.*}}
C: a2 UNSELECT
S~: a2 OK {{.*}}
C: a3 DELETE box
S: a3 OK {{.*}}
C: a4 CREATE box
S: a4 OK {{.*}}
C: a5 SELECT box
S!: * OK [UIDVALIDITY {{$v}}]{{.*}}
S~: a5 OK {{.*}}

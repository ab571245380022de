# RFC 3501 6.3.5: RENAME takes inferior names along and keeps UIDVALIDITY and UIDs
create old/sub
append old/sub plain.eml
C: a1 STATUS old/sub (UIDVALIDITY MESSAGES)
S: * STATUS old/sub ({{(?=.*MESSAGES 1)}}{{.*}})
S: a1 OK {{.*}}
C: a2 RENAME old new
S: a2 OK {{.*}}
C: a3 STATUS new/sub (MESSAGES)
S: * STATUS new/sub (MESSAGES 1)
S: a3 OK {{.*}}
C: a4 STATUS old/sub (MESSAGES)
S: a4 NO [NONEXISTENT] {{.*}}
C: a5 RENAME nosuch other
S: a5 NO [NONEXISTENT] {{.*}}
C: a6 CREATE third
S: a6 OK {{.*}}
C: a7 RENAME third new/sub
S: a7 NO [ALREADYEXISTS] {{.*}}

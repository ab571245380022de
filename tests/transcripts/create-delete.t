# RFC 3501 6.3.3, 6.3.4: CREATE, DELETE, doing either twice, INBOX
C: a1 CREATE one
S: a1 OK {{.*}}
C: a2 CREATE one
S: a2 NO [ALREADYEXISTS] {{.*}}
C: a3 DELETE one
S: a3 OK {{.*}}
C: a4 DELETE one
S: a4 NO [NONEXISTENT] {{.*}}
C: a5 CREATE INBOX
S: a5 NO {{.*}}
C: a6 DELETE INBOX
S: a6 NO {{.*}}

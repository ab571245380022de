# RFC 3501 6.1.3: LOGOUT sends BYE before its OK, then closes
C: a1 LOGOUT
S: * BYE {{.*}}
S: a1 OK {{.*}}
closed C

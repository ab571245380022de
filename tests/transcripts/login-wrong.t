# RFC 3501 6.2.3: a refused LOGIN is NO, and the connection goes on; RFC 5530 names the code
raw
S: * OK {{.*}}
C: a1 LOGIN $USER wrong
S: a1 NO [AUTHENTICATIONFAILED] {{.*}}
C: a2 LOGIN nobody-here wrong
S: a2 NO [AUTHENTICATIONFAILED] {{.*}}
C: a3 LOGIN $USER secret
S~: a3 OK {{.*}}

# RFC 3501 6.2.2: AUTHENTICATE LOGIN asks for name and password; wrong ones are refused
raw
S: * OK {{.*}}
C: a1 AUTHENTICATE LOGIN
S: + {{.*}}
C: eHh4eA==
S: + {{.*}}
C: d3Jvbmc=
S: a1 NO {{.*}}
C: a2 LOGIN $USER secret
S~: a2 OK {{.*}}

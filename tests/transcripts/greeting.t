# RFC 3501 7.1.1: the greeting is an untagged OK, with the capabilities in it
raw
S: * OK [CAPABILITY {{.*\bIMAP4rev1\b.*}}] {{.*}}
C: a1 LOGOUT
S~: * BYE {{.*}}
S: a1 OK {{.*}}
closed C

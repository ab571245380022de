# RFC 3501 4.3: LOGIN with synchronizing literals
raw
S: * OK {{.*}}
C: a1 LOGIN {@}
L-: $USER
C:  {@}
L-: secret
C: 
S~: a1 OK {{.*}}
C: a2 NOOP
S~: a2 OK {{.*}}

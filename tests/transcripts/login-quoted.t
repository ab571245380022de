# RFC 3501 4.3: LOGIN with quoted strings
raw
S: * OK {{.*}}
C: a1 LOGIN "$USER" "secret"
S~: a1 OK {{.*}}

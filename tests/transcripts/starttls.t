# RFC 3501 6.2.1: STARTTLS, then login inside TLS; a second STARTTLS is refused
raw
S: * OK {{.*}}
C: a1 STARTTLS
S: a1 OK {{.*}}
starttls C
C: a2 CAPABILITY
S: * CAPABILITY {{(?!.*STARTTLS).*}}
S: a2 OK {{.*}}
C: a3 STARTTLS
S: a3 {{NO|BAD}} {{.*}}
C: a4 LOGIN $USER secret
S~: a4 OK {{.*}}
C: a5 NOOP
S~: a5 OK {{.*}}

# RFC 7888 5: before login a literal over 4096 bytes is refused and nothing breaks
raw
S: * OK {{.*}}
C: a1 LOGIN {100000}
S~: a1 {{BAD|NO}} {{.*}}
C: a2 LOGIN $USER secret
S~: a2 OK {{.*}}

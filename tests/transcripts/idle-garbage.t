# RFC 2177 3: anything but DONE ends IDLE with BAD
C: a1 IDLE
S: +{{.*}}
C: NONSENSE
S: a1 BAD {{.*}}
C: a2 NOOP
S~: a2 OK {{.*}}

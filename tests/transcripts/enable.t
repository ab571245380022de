# RFC 5161: ENABLE confirms what it knows, ignores the rest
C: a1 ENABLE CONDSTORE X-NO-SUCH
S: * ENABLED{{ CONDSTORE}}
S: a1 OK {{.*}}
C: a2 ENABLE X-NO-SUCH
S: * ENABLED
S: a2 OK {{.*}}

# RFC 2342: NAMESPACE: one personal namespace
C: a1 NAMESPACE
S: * NAMESPACE (("" "{{.}}")) {{.*}} {{.*}}
S: a1 OK {{.*}}

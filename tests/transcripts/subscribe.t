# RFC 3501 6.3.6, 6.3.7, 6.3.9: SUBSCRIBE, LSUB, UNSUBSCRIBE; a subscription outlives its mailbox
create sub1
C: a1 SUBSCRIBE sub1
S: a1 OK {{.*}}
C: a2 LSUB "" "sub*"
S: * LSUB ({{.*}}) "{{.}}" sub1
S: a2 OK {{.*}}
C: a3 DELETE sub1
S: a3 OK {{.*}}
C: a4 LSUB "" "sub*"
S: * LSUB ({{.*}}) "{{.}}" sub1
S: a4 OK {{.*}}
C: a5 UNSUBSCRIBE sub1
S: a5 OK {{.*}}
C: a6 LSUB "" "sub*"
S: a6 OK {{.*}}

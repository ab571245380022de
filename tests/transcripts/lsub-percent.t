# RFC 3501 6.3.9: LSUB "%" names an unsubscribed parent with \Noselect
create p/c
C: a1 SUBSCRIBE p/c
S: a1 OK {{.*}}
C: a2 LSUB "" "p%"
S: * LSUB ({{.*\\Noselect.*}}) "/" p
S: a2 OK {{.*}}

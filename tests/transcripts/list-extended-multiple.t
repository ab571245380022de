# RFC 5258 3: several patterns in one LIST, each mailbox once
create m1
create m2
C: a1 LIST "" (m1 "m%")
S*: * LIST ({{.*}}) "/" m1
S*: * LIST ({{.*}}) "/" m2
S~: a1 OK {{.*}}

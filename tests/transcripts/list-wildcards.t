# RFC 3501 6.3.8: "%" stops at the hierarchy delimiter, "*" does not; the reference is put before
create w1
create w1/a
create w1/a/b
C: a1 LIST "" "w%"
S: * LIST ({{.*}}) "/" w1
S: a1 OK {{.*}}
C: a2 LIST "" "w*"
S*: * LIST ({{.*}}) "/" w1
S*: * LIST ({{.*}}) "/" w1/a
S*: * LIST ({{.*}}) "/" w1/a/b
S~: a2 OK {{.*}}
C: a3 LIST "w1/" "%"
S: * LIST ({{.*}}) "/" w1/a
S: a3 OK {{.*}}
C: a4 LIST "" "inbox"
S: * LIST ({{.*}}) "/" INBOX
S: a4 OK {{.*}}

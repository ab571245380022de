# RFC 3348: LIST tells \HasChildren and \HasNoChildren
create par/kid
C: a1 LIST "" "par*"
S*: * LIST ({{.*\\HasChildren.*}}) "/" par
S*: * LIST ({{.*\\HasNoChildren.*}}) "/" par/kid
S~: a1 OK {{.*}}

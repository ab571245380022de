# RFC 3501 4.3: names with quotes and backslashes
C: a1 CREATE "a \"q\" b\\s"
S: a1 OK {{.*}}
C: a2 LIST "" "a *"
S: * LIST ({{.*}}) "/" "a \"q\" b\\s"
S: a2 OK {{.*}}

# RFC 5258 3.1: LIST (SUBSCRIBED), RETURN (SUBSCRIBED CHILDREN), \NonExistent for what is gone
create s1
create s2
create s3
C: a1 SUBSCRIBE s1
S: a1 OK {{.*}}
C: a2 SUBSCRIBE s2
S: a2 OK {{.*}}
C: a3 DELETE s2
S: a3 OK {{.*}}
C: a4 LIST (SUBSCRIBED) "" "s%"
S*: * LIST ({{.*\\Subscribed.*}}) "/" s1
S*: * LIST ({{(?=.*\\NonExistent)(?=.*\\Subscribed).*}}) "/" s2
S!: {{.*}} s3
S~: a4 OK {{.*}}
C: a5 LIST "" "s%" RETURN (SUBSCRIBED CHILDREN)
S*: * LIST ({{(?=.*\\Subscribed)(?=.*\\HasNoChildren).*}}) "/" s1
S*: * LIST ({{(?!.*\\Subscribed).*}}) "/" s3
S~: a5 OK {{.*}}

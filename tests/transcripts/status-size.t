# RFC 8438: STATUS SIZE is the sum of RFC822.SIZE
create sz
append sz plain.eml
append sz two.eml
C: a1 STATUS sz (SIZE MESSAGES)
S: * STATUS sz ({{(?=.*MESSAGES 2)}}{{.*}}SIZE {{size=\d+}}{{.*}})
S: a1 OK {{.*}}
C: a2 SELECT sz
S~: a2 OK {{.*}}
C: a3 STORE 1 +FLAGS.SILENT (\Deleted)
S~: a3 OK {{.*}}
C: a4 EXPUNGE
S~: a4 OK {{.*}}
C: a5 FETCH 1 RFC822.SIZE
S: * 1 FETCH (RFC822.SIZE {{one=\d+}})
S: a5 OK {{.*}}
C: a6 STATUS sz (SIZE)
S: * STATUS sz (SIZE {{$one}})
S~: a6 OK {{.*}}

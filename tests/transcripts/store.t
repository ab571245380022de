# RFC 3501 6.4.6: FLAGS, +FLAGS, -FLAGS and SILENT
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 STORE 1 +FLAGS (\Seen $Mine)
S~: * 1 FETCH (FLAGS ({{(?=.*\\Seen)(?=.*\$Mine).*}}))
S~: a2 OK {{.*}}
C: a3 STORE 1 -FLAGS \Seen
S~: * 1 FETCH (FLAGS ({{(?!.*\\Seen)(?=.*\$Mine).*}}))
S~: a3 OK {{.*}}
C: a4 STORE 1 FLAGS.SILENT (\Flagged)
S!: * 1 FETCH {{.*}}
S~: a4 OK {{.*}}
C: a5 FETCH 1 FLAGS
S: * 1 FETCH (FLAGS ({{(?!.*\$Mine)(?=.*\\Flagged).*}}))
S: a5 OK {{.*}}
C: a6 UID STORE 1 FLAGS ()
S: * 1 FETCH ({{(?=.*UID 1)(?=.*FLAGS \((\\Recent)?\)).*}})
S: a6 OK {{.*}}

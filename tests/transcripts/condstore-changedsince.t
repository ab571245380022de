# RFC 7162 3.1.4: FETCH CHANGEDSINCE gives only what changed; SEARCH MODSEQ the same
append INBOX plain.eml
append INBOX two.eml
C: a1 SELECT INBOX (CONDSTORE)
S*: * OK [HIGHESTMODSEQ {{h=\d+}}]{{.*}}
S~: a1 OK {{.*}}
C: a2 STORE 2 +FLAGS.SILENT (\Seen)
S*: * 2 FETCH ({{.*MODSEQ \(\d+\).*}})
S~: a2 OK {{.*}}
C: a3 FETCH 1:* (FLAGS) (CHANGEDSINCE {{$h}})
S: * 2 FETCH ({{(?=.*Seen)(?=.*MODSEQ \(\d+\)).*}})
S: a3 OK {{.*}}
C: a4 SEARCH MODSEQ {{$h}}
S: * SEARCH {{.*2}} (MODSEQ {{\d+}})
S: a4 OK {{.*}}

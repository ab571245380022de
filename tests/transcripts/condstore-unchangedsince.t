# RFC 7162 3.1.3: STORE UNCHANGEDSINCE: MODIFIED lists what had changed; the rest is done
append INBOX plain.eml
append INBOX two.eml
connect 1
C: a1 SELECT INBOX (CONDSTORE)
S*: * OK [HIGHESTMODSEQ {{h=\d+}}]{{.*}}
S~: a1 OK {{.*}}
C1: b1 SELECT INBOX
S1~: b1 OK {{.*}}
C1: b2 STORE 1 +FLAGS (\Flagged)
S1~: b2 OK {{.*}}
C: a2 STORE 1,2 (UNCHANGEDSINCE {{$h}}) +FLAGS (\Seen)
S*: * 2 FETCH ({{.*MODSEQ \(\d+\).*}})
S~: a2 OK [MODIFIED 1] {{.*}}
C: a3 FETCH 1 FLAGS
S~: * 1 FETCH ({{.*FLAGS \((?![^)]*\\Seen)[^)]*\\Flagged.*}})
S~: a3 OK {{.*}}

# RFC 3501 5.5, FIELD.md section 1: pipelined STORE and EXPUNGE run in the order they were sent
append INBOX plain.eml
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C-: a2 STORE 1 +FLAGS.SILENT (\Deleted)<CRLF>a3 EXPUNGE<CRLF>a4 UID FETCH 1:* UID<CRLF>
S~: a2 OK {{.*}}
S: * 1 EXPUNGE
S~: a3 OK {{.*}}
S: * 1 FETCH (UID 2)
S: a4 OK {{.*}}

# RFC 4731 3.1, FIELD.md section 1: RETURN () means ALL
append INBOX plain.eml
append INBOX two.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH RETURN () ALL
S: * ESEARCH (TAG "a2") ALL 1:2
S: a2 OK {{.*}}

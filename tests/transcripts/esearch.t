# RFC 4731: RETURN MIN MAX COUNT ALL; UID SEARCH says UID; no match
append INBOX (\Seen) plain.eml
append INBOX two.eml
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN
S: * ESEARCH (TAG "a2") {{(?=.*MIN 2)(?=.*MAX 3)(?=.*COUNT 2)(?=.*ALL 2:3).*}}
S: a2 OK {{.*}}
C: a3 UID SEARCH RETURN (COUNT) ALL
S: * ESEARCH (TAG "a3") UID COUNT 3
S: a3 OK {{.*}}
C: a4 SEARCH RETURN (MIN ALL COUNT) DELETED
S: * ESEARCH (TAG "a4") COUNT 0
S: a4 OK {{.*}}

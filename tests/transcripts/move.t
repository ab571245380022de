# RFC 6851: MOVE: COPYUID before EXPUNGE, then OK; the message is in one place
append INBOX plain.eml
append INBOX two.eml
create mv
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 MOVE 1 mv
S: * OK [COPYUID {{\d+}} 1 1] {{.*}}
S: * 1 EXPUNGE
S~: a2 OK {{.*}}
C: a3 UID MOVE 2 mv
S: * OK [COPYUID {{\d+}} 2 2] {{.*}}
S: * 1 EXPUNGE
S~: a3 OK {{.*}}
C: a4 STATUS mv (MESSAGES)
S: * STATUS mv (MESSAGES 2)
S~: a4 OK {{.*}}
C: a5 STATUS INBOX (MESSAGES)
S~: * STATUS INBOX (MESSAGES 0)
S~: a5 OK {{.*}}

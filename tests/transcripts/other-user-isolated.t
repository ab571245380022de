# RFC 3501 5.1: mailboxes of another user are not seen
create private
append private plain.eml
other 2
C2: b1 LIST "" "private"
S2: b1 OK {{.*}}
C2: b2 SELECT private
S2~: b2 NO {{.*}}
C2: b3 STATUS INBOX (MESSAGES)
S2: * STATUS INBOX (MESSAGES 0)
S2: b3 OK {{.*}}

# RFC 5258 3.5: RECURSIVEMATCH finds parents of subscribed mailboxes, with CHILDINFO
create rec/kid
C: a1 SUBSCRIBE rec/kid
S: a1 OK {{.*}}
C: a2 LIST (SUBSCRIBED RECURSIVEMATCH) "" "rec"
S: * LIST ({{.*}}) "/" rec{{.*CHILDINFO.*SUBSCRIBED.*}}
S: a2 OK {{.*}}
C: a3 LIST (RECURSIVEMATCH) "" "%"
S: a3 BAD {{.*}}

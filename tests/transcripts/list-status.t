# RFC 5819: LIST RETURN (STATUS …) answers STATUS for each listed mailbox
create ls1
append ls1 plain.eml
append ls1 (\Seen) two.eml
C: a1 LIST "" "ls%" RETURN (STATUS (MESSAGES UNSEEN))
S: * LIST ({{.*}}) "/" ls1
S: * STATUS ls1 ({{(?=.*MESSAGES 2)(?=.*UNSEEN 1).*}})
S: a1 OK {{.*}}

# RFC 3501 6.3.10: STATUS items, for a mailbox that is not selected
create st
append st plain.eml
append st (\Seen) two.eml
C: a1 STATUS st (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)
S: * STATUS st ({{(?=.*MESSAGES 2)(?=.*RECENT \d)(?=.*UIDNEXT 3)(?=.*UIDVALIDITY \d)(?=.*UNSEEN 1).*}})
S: a1 OK {{.*}}
C: a2 STATUS nosuch (MESSAGES)
S: a2 NO [NONEXISTENT] {{.*}}
C: a3 STATUS st (NONSENSE)
S: a3 BAD {{.*}}

# RFC 3501 3.2: message commands without a selected mailbox are BAD
C: a1 FETCH 1 FLAGS
S: a1 BAD {{.*}}
C: a2 EXPUNGE
S: a2 BAD {{.*}}
C: a3 SEARCH ALL
S: a3 BAD {{.*}}
C: a4 CLOSE
S: a4 BAD {{.*}}
C: a5 LOGIN $USER secret
S: a5 BAD {{.*}}

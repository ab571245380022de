# RFC 3501 6.4.4: SEARCH by flags and keywords
append INBOX (\Seen) plain.eml
append INBOX (\Flagged kwx) two.eml
append INBOX (\Answered \Draft) mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH UNSEEN
S: * SEARCH 2 3
S: a2 OK {{.*}}
C: a3 SEARCH KEYWORD kwx
S: * SEARCH 2
S: a3 OK {{.*}}
C: a4 SEARCH NOT ANSWERED UNFLAGGED
S: * SEARCH 1
S: a4 OK {{.*}}
C: a5 SEARCH OR DRAFT FLAGGED
S: * SEARCH 2 3
S: a5 OK {{.*}}
C: a6 SEARCH DELETED
S: * SEARCH
S: a6 OK {{.*}}
C: a7 UID SEARCH UNKEYWORD kwx
S: * SEARCH 1 3
S: a7 OK {{.*}}

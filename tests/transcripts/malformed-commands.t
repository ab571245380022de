# RFC 3501 2.2.1, 9: unknown commands, missing arguments, empty lines and bad tags are BAD
C: a1 FROBNICATE
S: a1 BAD {{.*}}
C: a2
S: a2 BAD {{.*}}
C: a3 SELECT
S: a3 BAD {{.*}}
C: a4 SELECT "unterminated
S: a4 BAD {{.*}}
C: a5 STATUS INBOX MESSAGES
S: a5 BAD {{.*}}
C: a6 NOOP extra
S: a6 BAD {{.*}}
C: a7 NOOP
S: a7 OK {{.*}}

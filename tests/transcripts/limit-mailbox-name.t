# RFC 3501 6.3.3: names with control characters, bad UTF-7 or empty levels are refused
C: a1 CREATE "a//b"
S: a1 NO {{.*}}
C: a2 CREATE "/top"
S: a2 NO {{.*}}
C: a3 CREATE "bad&utf7"
S: a3 {{NO|BAD}} {{.*}}
C: a4 CREATE ""
S: a4 {{NO|BAD}} {{.*}}
C: a5 NOOP
S: a5 OK {{.*}}

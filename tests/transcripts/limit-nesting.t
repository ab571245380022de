# FIELD.md section 3: parentheses without end cost nothing and are refused
append INBOX plain.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 SEARCH ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((ALL
S: a2 BAD {{.*}}
C: a3 NOOP
S: a3 OK {{.*}}

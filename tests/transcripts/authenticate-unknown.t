# RFC 3501 6.2.2: an unknown mechanism is NO, rubbish base64 is NO or BAD
raw
S: * OK {{.*}}
C: a1 AUTHENTICATE NOSUCHMECH
S: a1 NO {{.*}}
C: a2 AUTHENTICATE PLAIN !!!!
S: a2 {{NO|BAD}} {{.*}}
C: a3 NOOP
S: a3 OK {{.*}}

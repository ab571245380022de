# RFC 3501 6.1.1: CAPABILITY before login names IMAP4rev1, LITERAL-, SASL-IR and AUTH=PLAIN
raw
S: * OK {{.*}}
C: a1 CAPABILITY
S: * CAPABILITY {{(?=.*\bIMAP4rev1\b)(?=.*\bSASL-IR\b)(?=.*\bSTARTTLS\b)(?=.*\bAUTH=PLAIN\b)(?=.*\bLITERAL[-+]).*}}
S: a1 OK {{.*}}

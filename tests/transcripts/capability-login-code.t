# RFC 3501 7.1: the OK of LOGIN carries the full capability list
raw
S: * OK {{.*}}
C: a1 LOGIN $USER secret
S~: a1 OK [CAPABILITY IMAP4rev1 {{.*\bIDLE\b.*}}] {{.*}}

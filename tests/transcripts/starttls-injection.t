# RFC 3501 6.2.1: what was sent in clear behind STARTTLS is never run inside TLS
raw
S: * OK {{.*}}
C-: a1 STARTTLS<CRLF>a2 CAPABILITY<CRLF>
S: a1 {{.*}}
Q: 0.3

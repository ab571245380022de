# RFC 3501 5.5: commands sent behind LOGIN without waiting are run after it, in order
raw
S: * OK {{.*}}
C-: a1 LOGIN $USER secret<CRLF>a2 SELECT INBOX<CRLF>a3 NOOP<CRLF>
S~: a1 OK {{.*}}
S~: a2 OK {{.*}}
S~: a3 OK {{.*}}

# RFC 3501 7.4.2: BODYSTRUCTURE of a mixed message with an inner message
append INBOX mime.eml
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1 BODYSTRUCTURE
S: * 1 FETCH (BODYSTRUCTURE {{(?i:\(\("text" "plain" \("charset" "utf-8"\) NIL NIL "quoted-printable" \d+ [01] NIL NIL NIL NIL\)\("message" "rfc822" NIL NIL NIL "7bit" \d+ \("Sun, 01 Mar 2026 00:00:00 \+0000" "inner subject" .*?\) \("text" "plain" (\("charset" "us-ascii"\)|NIL) NIL NIL "7bit" \d+ \d+ NIL NIL NIL NIL\) \d+ NIL NIL NIL NIL\)\("application" "octet-stream" \("name" "a.bin"\) NIL NIL "base64" 16 NIL \("attachment" \("filename" "a.bin"\)\) NIL NIL\) "mixed" \("boundary" "b1"\) NIL NIL NIL\))}})
S: a2 OK {{.*}}

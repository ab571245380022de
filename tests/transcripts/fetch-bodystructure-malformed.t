# RFC 3501 7.4.2: a multipart without boundary, bare LF and 8-bit headers still have a structure
append INBOX noboundary.eml
append INBOX barelf.raw
append INBOX eightbit.raw
C: a1 SELECT INBOX
S~: a1 OK {{.*}}
C: a2 FETCH 1:3 (BODYSTRUCTURE ENVELOPE RFC822.SIZE)
S*: * 1 FETCH {{.*BODYSTRUCTURE \(.*}}
S*: * 2 FETCH {{.*"bare newlines".*}}
S*: * 3 FETCH {{.*8-bit.*}}
S~: a2 OK {{.*}}

# RFC 3501 6.2.2, RFC 4616: AUTHENTICATE PLAIN with an empty challenge
raw
S: * OK {{.*}}
C: a1 AUTHENTICATE PLAIN
S: +{{ ?}}
C: AHh4eHgAd3Jvbmc=
S: a1 NO {{.*}}
C: a2 AUTHENTICATE PLAIN
S: +{{ ?}}
C: *
S: a2 BAD {{.*}}
C: a3 NOOP
S: a3 OK {{.*}}

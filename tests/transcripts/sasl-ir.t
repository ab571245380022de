# RFC 4959: AUTHENTICATE with an initial response; "=" is the empty one
raw
S: * OK {{.*}}
C: a1 AUTHENTICATE PLAIN =
S: a1 {{NO|BAD}} {{.*}}
C: a2 AUTHENTICATE PLAIN AHh4eHgAd3Jvbmc=
S: a2 NO {{.*}}

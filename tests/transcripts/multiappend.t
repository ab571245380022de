# RFC 3502: several messages in one APPEND: all of them or none
C: a1 APPEND INBOX (\Seen) {@+}
L: Subject: one
L:
L: 1
C:  (\Draft) "01-Jan-2026 00:00:00 +0000" {@+}
L: Subject: two
L:
L: 2
C:  {@+}
L: Subject: three
L:
L: 3
C:
S~: a1 OK [APPENDUID {{\d+}} 1:3] {{.*}}
C: a2 SELECT INBOX
S*: * 3 EXISTS
S~: a2 OK {{.*}}
C: a3 FETCH 1:3 FLAGS
S*: * 1 FETCH (FLAGS ({{.*\\Seen.*}}))
S*: * 2 FETCH (FLAGS ({{.*\\Draft.*}}))
S*: * 3 FETCH (FLAGS ({{(?!.*\\(Seen|Draft)).*}}))
S~: a3 OK {{.*}}

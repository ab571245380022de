# RFC 3501 6.3.1: SELECT gives FLAGS, EXISTS, RECENT, UIDVALIDITY, UIDNEXT and PERMANENTFLAGS
C: a1 SELECT INBOX
S*: * FLAGS ({{(?=.*\\Answered)(?=.*\\Flagged)(?=.*\\Deleted)(?=.*\\Seen)(?=.*\\Draft).*}})
S*: * 0 EXISTS
S*: * 0 RECENT
S*: * OK [UIDVALIDITY {{[1-9]\d*}}]{{.*}}
S*: * OK [UIDNEXT {{[1-9]\d*}}]{{.*}}
S*: * OK [PERMANENTFLAGS ({{.*}}\*)]{{.*}}
S~: a1 OK [READ-WRITE] {{.*}}

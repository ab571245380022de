# RFC 3501 2.2: a command that comes in pieces is one command
C-: a1 STA
wait 0.05
C-: TUS IN
wait 0.05
C-: BOX (MESS
wait 0.05
C-: AGES)
C:
S: * STATUS INBOX (MESSAGES 0)
S: a1 OK {{.*}}

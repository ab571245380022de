# RFC 7889: APPENDLIMIT in STATUS, and a literal over it is refused before its bytes
C: a1 STATUS INBOX (APPENDLIMIT)
S: * STATUS INBOX (APPENDLIMIT {{\d+}})
S: a1 OK {{.*}}
C: a2 APPEND INBOX {4000000000}
S~: a2 NO [TOOBIG] {{.*}}
C: a3 NOOP
S~: a3 OK {{.*}}

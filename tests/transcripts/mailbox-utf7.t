# RFC 3501 5.1.3: names in modified UTF-7 come back as they were made
C: a1 CREATE "Entw&APw-rfe &- &U,BTF2XlZyyKng-"
S: a1 OK {{.*}}
C: a2 LIST "" "Entw*"
S: * LIST ({{.*}}) "/" "Entw&APw-rfe &- &U,BTF2XlZyyKng-"
S: a2 OK {{.*}}
C: a3 SELECT "Entw&APw-rfe &- &U,BTF2XlZyyKng-"
S~: a3 OK {{.*}}

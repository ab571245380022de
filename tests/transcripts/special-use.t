# RFC 6154: CREATE with USE, LIST with and for special use
C: a1 CREATE MyArch (USE (\Archive))
S: a1 {{.*}}
C: a2 LIST (SPECIAL-USE) "" "*"
S*: * LIST ({{.*\\Archive.*}}) "/" {{.*}}
S~: a2 OK {{.*}}
C: a3 LIST "" "*" RETURN (SPECIAL-USE)
S*: * LIST ({{.*\\Archive.*}}) "/" {{.*}}
S~: a3 OK {{.*}}
C: a4 CREATE Odd (USE (\NoSuchUse))
S: a4 NO [USEATTR] {{.*}}
C: a5 SELECT Odd
S~: a5 NO {{.*}}

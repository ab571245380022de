# RFC 2971: ID before and after login, NIL and fields
raw
S: * OK {{.*}}
C: a1 ID NIL
S: * ID {{\(.*"name" .*\)|NIL}}
S: a1 OK {{.*}}
C: a2 ID ("name" "test" "version" NIL)
S: * ID {{.*}}
S: a2 OK {{.*}}
C: a3 LOGIN $USER secret
S~: a3 OK {{.*}}
C: a4 ID ("name" {@+}
L-: lit
C: )
S: * ID {{.*}}
S: a4 OK {{.*}}

# FIELD.md section 1: ENABLE never confirms what was not advertised
C: a1 ENABLE X-NO-SUCH IDLE CONDSTORE
S!: * ENABLED {{.*(X-NO-SUCH|IDLE).*}}
S*: * ENABLED CONDSTORE
S~: a1 OK {{.*}}

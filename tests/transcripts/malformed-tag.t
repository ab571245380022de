# RFC 3501 9: a tag with a character it may not have gets an untagged BAD
C: +a NOOP
S: {{\*|\+a}} BAD {{.*}}
C: a2 NOOP
S: a2 OK {{.*}}

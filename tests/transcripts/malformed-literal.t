# RFC 3501 4.3: nonsense literal sizes are BAD; one past all numbers may end the session
C: a1 SELECT {abc}
S: a1 BAD {{.*}}
C: a2 SELECT {99999999999999999999}
S: {{a2 BAD|a2 NO|\* BYE}} {{.*}}

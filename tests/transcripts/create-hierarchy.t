# RFC 3501 6.3.3: CREATE makes superior levels; a trailing delimiter is ignored
C: a1 LIST "" ""
S: * LIST ({{.*}}) "{{sep=[/.]}}" ""
S: a1 OK {{.*}}
C: a2 CREATE top{{$sep}}mid{{$sep}}leaf
S: a2 OK {{.*}}
C: a3 CREATE dir{{$sep}}
S: a3 OK {{.*}}
C: a4 LIST "" top*
S*: * LIST ({{.*}}) "{{$sep}}" top
S*: * LIST ({{.*}}) "{{$sep}}" top{{$sep}}mid
S*: * LIST ({{.*}}) "{{$sep}}" top{{$sep}}mid{{$sep}}leaf
S~: a4 OK {{.*}}
C: a5 LIST "" dir
S~: a5 OK {{.*}}

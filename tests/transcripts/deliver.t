# RFC 2033, 5321 4.4: a delivered message has Return-Path and Delivered-To
deliver plain.eml
C: a1 SELECT INBOX
S*: * 1 EXISTS
S~: a1 OK {{.*}}
C: a2 FETCH 1 BODY.PEEK[HEADER.FIELDS (Return-Path Delivered-To Subject)]
S: * 1 FETCH (BODY[{{.*}}] {{\{\d+\}}}<CRLF>{{(?=.*Return-Path: <sender@example.org>)(?=.*Delivered-To: )(?=.*Subject: First plain).*}})
S: a2 OK {{.*}}

# RFC 3501 6.1.1: CAPABILITY after login lists every extension that is served
C: a1 CAPABILITY
S: * CAPABILITY {{(?=.*\bIMAP4rev1\b)(?=.*\bIDLE\b)(?=.*\bNAMESPACE\b)(?=.*\bID\b)(?=.*\bENABLE\b)(?=.*\bUNSELECT\b)(?=.*\bCHILDREN\b)(?=.*LITERAL\+)(?=.*\bUIDPLUS\b)(?=.*\bMOVE\b)(?=.*\bMULTIAPPEND\b)(?=.*\bESEARCH\b)(?=.*\bSEARCHRES\b)(?=.*\bCONDSTORE\b)(?=.*\bLIST-EXTENDED\b)(?=.*\bLIST-STATUS\b)(?=.*\bSTATUS=SIZE\b)(?=.*\bSPECIAL-USE\b)(?=.*\bCREATE-SPECIAL-USE\b)(?=.*\bWITHIN\b)(?=.*\bAPPENDLIMIT)(?=.*\bOBJECTID\b)(?=.*\bSAVEDATE\b).*}}
S: a1 OK {{.*}}

//! Users: who may do what, who is refused, and what is written about it. Client 5 and the usher stay who they are.

use super::crowd::Lines;

/// See [`super::crowd`].
pub const LINES: Lines = &[
    (5, "ACL SETUSER {u} {rule}"),
    (4, "ACL SETUSER {u} {rule} {rule} {rule}"),
    (5, "ACL SETUSER {u} reset on nopass +@all ~* &*"),
    (
        3,
        "ACL SETUSER {u} reset on >pw +@read +@connection ~k* &c*",
    ),
    (3, "ACL SETUSER {u} reset on nopass +@all -@write ~k1 &d*"),
    (
        2,
        "ACL SETUSER {u} reset on nopass +@all %R~k* %W~l* &* (~a1)",
    ),
    (8, "AUTH {u} any"),
    (3, "AUTH {u} pw"),
    (3, "AUTH default any"),
    (1, "AUTH nosuch any"),
    (1, "AUTH any"),
    (2, "HELLO 3 AUTH {u} pw"),
    (1, "HELLO 2 AUTH {u} pw SETNAME me"),
    (2, "ACL WHOAMI"),
    (2, "ACL GETUSER {u}"),
    (1, "ACL LIST"),
    (1, "ACL USERS"),
    (2, "ACL LOG"),
    (1, "ACL LOG 1"),
    (1, "ACL LOG RESET"),
    (1, "CLIENT REPLY ON | ACL DELUSER {u}"),
    (1, "CLIENT REPLY ON | ACL DELUSER {u} nosuch"),
    (1, "ACL DRYRUN {u} get {k}"),
    (1, "ACL DRYRUN {u} lpush {l} a"),
    (1, "ACL DRYRUN {u} publish {c} a"),
    (1, "ACL SETUSER default -@write"),
    (1, "ACL SETUSER default -publish"),
    (1, "ACL SETUSER default -multi -select"),
    (3, "ACL SETUSER default reset on nopass +@all ~* &*"),
    (
        1,
        "MULTI | ACL SETUSER {u} {rule} | ACL WHOAMI | GET {k} | EXEC",
    ),
    (
        1,
        "AUTH {u} any | MULTI | GET {k} | SET {k} {v} | EXEC | ACL WHOAMI",
    ),
    (1, "ACL SETUSER {u} -@all | SET {k} {v}"),
];

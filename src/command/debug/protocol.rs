//! DEBUG PROTOCOL: one value of each of the protocol's types, by which authors of libraries test their parsers.

use crate::command::{Call, Done, Error};
use crate::resp::Protocol;

const TYPES: Error = Error::new(
    "ERR Wrong protocol type name. Please use one of the following: \
     string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
);

/// Replies with the value of the type that the request names. The values are Redis's.
pub(super) fn protocol(call: &mut Call) -> Done {
    let name = call.args.arg(2).to_ascii_lowercase();
    let reply = &mut call.reply;
    match name.as_slice() {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.integer(12345),
        b"double" => reply.double_text("3.141"),
        b"null" => reply.null(),
        b"array" | b"set" => {
            if name == b"array" {
                reply.array(3);
            } else {
                reply.set(3);
            }
            (0..3).for_each(|i| reply.integer(i));
        }
        b"map" => {
            reply.map(3);
            for i in 0..3 {
                reply.integer(i);
                reply.bool(i == 1);
            }
        }
        b"attrib" => {
            if reply.attribute(1) {
                reply.bulk(b"key-popularity");
                reply.array(2);
                reply.bulk(b"key:123");
                reply.integer(90);
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        b"push" => {
            if reply.protocol() == Protocol::Resp2 {
                return Err(Error::new("ERR RESP2 is not supported by this command"));
            }
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.integer(42);
            // Outside of any reply; the reply itself follows.
            reply.bulk(b"Some real reply following the push reply");
        }
        b"verbatim" => reply.verbatim("txt", b"This is a verbatim\nstring"),
        b"bignum" => reply.big_number("1234567999999999999999999999999999999"),
        b"true" => reply.bool(true),
        b"false" => reply.bool(false),
        _ => return Err(TYPES),
    }
    Ok(())
}

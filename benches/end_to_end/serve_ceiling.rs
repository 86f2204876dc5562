//! The ceiling as a server that other load generators can be set on.
//!
//! ```text
//! cargo run --release --example ceiling -- --port 7003
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod ceiling;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match ceiling::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ceiling: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ceiling;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, SocketAddr, TcpStream};
    use std::thread;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A ceiling that lives until the tests end.
    fn start() -> SocketAddr {
        let any_port = (Ipv4Addr::LOCALHOST, 0).into();
        let listener = mio::net::TcpListener::bind(any_port).expect("there is a free port");
        let addr = listener.local_addr().expect("it is bound");
        thread::spawn(move || ceiling::serve(listener));
        addr
    }

    fn connect(addr: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(addr).expect("the ceiling accepts");
        let limit = stream.set_read_timeout(Some(PATIENCE));
        limit.expect("a time limit can be set");
        stream
    }

    /// What the ceiling says to this, on a connection of its own.
    fn ask(addr: SocketAddr, requests: &[u8]) -> Vec<u8> {
        let mut stream = connect(addr);
        stream.write_all(requests).expect("the ceiling reads");
        stream
            .shutdown(std::net::Shutdown::Write)
            .expect("the end can be sent");
        let mut replies = Vec::new();
        stream
            .read_to_end(&mut replies)
            .expect("the ceiling closes");
        replies
    }

    fn request(arguments: &[&[u8]]) -> Vec<u8> {
        let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            bytes.extend(format!("${}\r\n", argument.len()).bytes());
            bytes.extend_from_slice(argument);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }

    #[test]
    fn every_request_gets_its_reply_however_the_bytes_are_cut() {
        let addr = start();
        let get = request(&[b"GET", b"key:000000000000"]);
        for cut in 1..get.len() {
            let mut stream = connect(addr);
            let requests = get.repeat(3);
            stream.write_all(&requests[..cut]).expect("it reads");
            thread::sleep(Duration::from_millis(1));
            stream.write_all(&requests[cut..]).expect("it reads on");
            let mut replies = [0; 27];
            stream.read_exact(&mut replies).expect("it answers");
            assert_eq!(&replies, b"$3\r\nxxx\r\n$3\r\nxxx\r\n$3\r\nxxx\r\n");
        }
    }

    #[test]
    fn a_get_is_answered_with_as_many_bytes_as_were_set() {
        let addr = start();
        for bytes in [1024, 10_000_000] {
            let value = vec![b'v'; bytes];
            let set = request(&[b"SET", b"key:1", &value]).repeat(2);
            assert_eq!(ask(addr, &set), b"+OK\r\n+OK\r\n");
            assert_eq!(
                ask(addr, &request(&[b"SET", b"counter:1", b"7"])),
                b"+OK\r\n"
            );
            let replies = ask(addr, &request(&[b"GET", b"key:2"]).repeat(3));
            let reply = request(&[&vec![b'x'; bytes]])[4..].to_vec();
            assert!(replies == reply.repeat(3), "{bytes} bytes come back");
        }
    }

    #[test]
    fn mget_has_as_many_values_as_keys() {
        let replies = ask(start(), &request(&[b"MGET", b"a1", b"a2"]).repeat(2));
        assert_eq!(replies, b"*2\r\n$3\r\nxxx\r\n$3\r\nxxx\r\n".repeat(2));
    }

    #[test]
    fn what_needs_a_table_is_refused() {
        let addr = start();
        assert_eq!(ask(addr, &request(&[b"DBSIZE"])), b":0\r\n");
        for words in ["SET key:1 xxx PX 1000", "LPUSH l 1", "CONFIG GET save"] {
            let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
            assert!(
                ask(addr, &request(&words)).starts_with(b"-ERR "),
                "{words:?}"
            );
        }
    }
}

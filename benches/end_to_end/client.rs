//! A client that asks and waits, for what is said once: INFO, DEL, a page of a scan.

use crate::load;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// No reply to what is asked here is longer.
const MAX_BULK: usize = 1024 * 1024;

/// No page of a scan has more elements.
const MAX_ITEMS: usize = 4 * 1024 * 1024;

/// How deep arrays lie in each other.
const MAX_DEPTH: usize = 4;

/// What a server said.
#[derive(Debug)]
pub enum Reply {
    /// A status, or bytes that are text.
    Text(String),
    /// An integer.
    Number(i64),
    /// Null.
    Nothing,
    /// Replies.
    Array(Vec<Reply>),
}

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects.
    pub fn connect(addr: SocketAddr) -> io::Result<Client> {
        let stream = BufReader::new(load::connect(addr)?);
        Ok(Client { stream })
    }

    /// Sends a request and reads its reply; one that is an error is an error here.
    pub fn ask(&mut self, words: &[&str]) -> io::Result<Reply> {
        let arguments: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        self.stream.get_mut().write_all(&load::encode(&arguments))?;
        self.read(0)
    }

    /// The same, where the reply is an integer.
    pub fn number(&mut self, words: &[&str]) -> io::Result<i64> {
        match self.ask(words)? {
            Reply::Number(number) => Ok(number),
            other => Err(unexpected(&format!("{words:?}: {other:?}"))),
        }
    }

    /// A number that INFO tells.
    pub fn info(&mut self, section: &str, field: &str) -> io::Result<u64> {
        let Reply::Text(text) = self.ask(&["INFO", section])? else {
            return Err(unexpected("INFO is no text"));
        };
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines
            .find_map(|(name, value)| (name == field).then(|| value.trim().parse().ok())?)
            .ok_or_else(|| unexpected(&format!("INFO has no {field}")))
    }

    fn read(&mut self, depth: usize) -> io::Result<Reply> {
        let mut line = String::new();
        (&mut self.stream)
            .take(MAX_BULK as u64)
            .read_line(&mut line)?;
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).unwrap_or_default();
        match kind {
            "+" => Ok(Reply::Text(rest.to_owned())),
            ":" => Ok(Reply::Number(rest.parse().map_err(io::Error::other)?)),
            "$" | "*" if rest == "-1" => Ok(Reply::Nothing),
            "$" => self.read_bulk(bounded(rest, MAX_BULK)?),
            "*" if depth < MAX_DEPTH => {
                let items = (0..bounded(rest, MAX_ITEMS)?).map(|_| self.read(depth + 1));
                Ok(Reply::Array(items.collect::<io::Result<_>>()?))
            }
            _ => Err(unexpected(line)),
        }
    }

    fn read_bulk(&mut self, len: usize) -> io::Result<Reply> {
        let mut bytes = vec![0; len + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(len);
        Ok(Reply::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn bounded(text: &str, most: usize) -> io::Result<usize> {
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| unexpected(text))
}

fn unexpected(text: &str) -> io::Error {
    io::Error::other(format!("not the reply that was expected: {text}"))
}

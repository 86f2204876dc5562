//! The connected clients, by the token of their file event.

use super::client::Client;
use crate::ae::Token;
use crate::engine::SessionId;

/// See the module's text.
#[derive(Default)]
pub struct Clients {
    slots: Vec<Option<Box<Client>>>,
    /// By the places of the sessions. Where a client has left, what it says is of no importance.
    tokens: Vec<Token>,
}

impl Clients {
    /// A new client comes.
    pub fn admit(&mut self, token: Token, client: Box<Client>) {
        let place = client.session.0 as usize;
        if self.tokens.len() <= place {
            self.tokens.resize(place + 1, token);
        }
        self.tokens[place] = token;
        self.put(token, client);
    }

    /// A client comes back.
    #[inline]
    pub fn put(&mut self, token: Token, client: Box<Client>) {
        if self.slots.len() <= token.0 {
            self.make_room(token);
        }
        self.slots[token.0] = Some(client);
    }

    #[cold]
    fn make_room(&mut self, token: Token) {
        self.slots.resize_with(token.0 + 1, || None);
    }

    /// The client itself, so that it and the server can be used side by side. It is put back
    /// unless it has to go.
    #[inline]
    pub fn take(&mut self, token: Token) -> Option<Box<Client>> {
        self.slots.get_mut(token.0)?.take()
    }

    /// The client, to look at it.
    #[inline]
    pub fn get_mut(&mut self, token: Token) -> Option<&mut Client> {
        self.slots.get_mut(token.0)?.as_deref_mut()
    }

    /// Every client.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.slots.iter().flatten().map(|client| &**client)
    }

    /// Every client with its place, from the lowest token on.
    pub fn by_token(&self) -> impl Iterator<Item = (Token, &Client)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(place, slot)| Some((Token(place), slot.as_deref()?)))
    }

    /// Where each client is.
    pub fn tokens(&self) -> Vec<Token> {
        let is_there = |&place: &usize| self.slots[place].is_some();
        (0..self.slots.len()).filter(is_there).map(Token).collect()
    }

    /// Where the client with this session is.
    pub fn token_of(&self, session: SessionId) -> Option<Token> {
        let token = *self.tokens.get(session.0 as usize)?;
        let client = self.slots.get(token.0)?.as_deref()?;
        (client.session == session).then_some(token)
    }
}

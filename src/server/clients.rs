//! The connected clients, by the token of their file event.

use super::client::Client;
use crate::ae::Token;
use crate::engine::SessionId;

/// See the module's text.
#[derive(Default)]
pub struct Clients {
    slots: Vec<Option<Box<Client>>>,
}

impl Clients {
    /// A client comes, or comes back.
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

    /// Where the client with this session is. (Every client is looked at; few commands ask.)
    pub fn token_of(&self, session: SessionId) -> Option<Token> {
        let is_it = |client: &Client| client.session == session;
        let mut slots = self.slots.iter();
        slots
            .position(|slot| slot.as_deref().is_some_and(is_it))
            .map(Token)
    }
}

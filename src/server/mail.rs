//! What commands ask of the server: closing clients, listening elsewhere, heeding a setting, ending.

use super::client::Gone;
use super::{Server, host};
use crate::ae::EventLoop;
use crate::command;
use crate::engine::{Mail, SessionId};
use std::collections::HashSet;

impl Server {
    /// Does what commands have asked for.
    pub(super) fn deliver_mail(&mut self, event_loop: &mut EventLoop<Server>) {
        let mail = std::mem::take(&mut self.engine.mail);
        let mut leaving: HashSet<SessionId> = HashSet::new();
        let mut is_refused = false;
        for letter in mail {
            match letter {
                Mail::Close(session) => {
                    leaving.insert(session);
                }
                Mail::SettingChanged(_) if is_refused => {}
                Mail::SettingChanged(name) => self.setting_changed(event_loop, name),
                Mail::Listen {
                    client,
                    setting,
                    replies,
                    before,
                } => {
                    let error = self.listen_anew(event_loop, setting, *before).err();
                    is_refused = error.is_some();
                    if replies {
                        self.answer(client, error);
                    }
                }
                Mail::Trace {
                    client,
                    order,
                    replies,
                } => self.set_trace(event_loop, order, client, replies),
                Mail::Loop { client, order } => self.set_pace(event_loop, order, Some(client)),
                Mail::Shutdown => self.shut_down_at_once(event_loop),
            }
        }
        if leaving.is_empty() {
            return;
        }
        self.for_each_client(event_loop, |_, _, _, client| {
            if leaving.contains(&client.session) {
                Err(Gone::Dismissed)
            } else {
                Ok(())
            }
        });
    }

    /// Writes the reply of a command that has left it to the server.
    pub(super) fn answer(&mut self, session: SessionId, error: Option<command::Error>) {
        if let Some(token) = self.clients.token_of(session)
            && let Some(mut client) = self.clients.take(token)
        {
            command::answer(&mut self.engine, session, error, &mut client.output);
            if let Some(trace) = self.tracing.active() {
                trace.answered(&self.engine.sessions, session, client.output.len());
            }
            self.send_later(token, &mut client);
            self.clients.put(token, client);
        }
    }

    fn setting_changed(&mut self, event_loop: &mut EventLoop<Server>, name: &str) {
        match name {
            "timeout" | "client-output-buffer-limit" => {
                self.settle_limits();
                self.watch_all_clients(event_loop);
            }
            "maxmemory-clients" | "maxmemory" => self.settle_limits(),
            "loglevel" => log::set_max_level(host::level_filter(self.engine.config.loglevel)),
            _ => {}
        }
    }
}

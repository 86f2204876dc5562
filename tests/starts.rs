//! The two starting points, `docs/starts`: what the chapters "Coming from Ruby's IO.select" and "Coming from asyncio" say of them
//! is so; and what the two texts that their readers come from show works on Aerolite.
//!
//! They are run as they stand there, or with a change that a chapter asks its reader to make.
#[path = "starts/asyncio.rs"]
mod asyncio;
mod common;
#[path = "starts/ruby.rs"]
mod ruby;
#[path = "starts/started.rs"]
mod started;
#[path = "starts/texts.rs"]
mod texts;
#[path = "starts/time_events.rs"]
mod time_events;
#[path = "common/tools.rs"]
mod tools;

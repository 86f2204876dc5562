#![forbid(unsafe_code)]
#![warn(missing_docs)]
//! x
pub mod command;
pub mod engine;
pub mod glob;
pub mod number;
pub mod resp;
pub mod store;
pub mod wheel;

//! Tests of subscribing and publishing without a server.

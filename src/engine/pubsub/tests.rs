//! Tests of topics, links and deliveries.

//! Tests of topics, links and deliveries.

use super::*;

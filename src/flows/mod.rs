//! What Tandem does for a company; one file per verb. A flow owns the order of its steps.

use std::sync::Arc;

use crate::{clock::Clock, db::Db};

/// Everything a flow may reach for.
#[derive(Debug, Clone)]
pub struct Hub {
    pub db: Db,
    pub clock: Clock,
}

/// How flows and handlers hold the hub.
pub type SharedHub = Arc<Hub>;

//! A hub with a database of its own, signed in as the role that production uses.

mod database;

use std::sync::Arc;

use sqlx::PgPool;
use tandem::{
    clock::Clock,
    db::Db,
    flows::{Hub, SharedHub},
};

use database::Database;

pub(crate) struct TestHub {
    /// Connected as `tandem_login`, like `tandem serve`.
    pub(crate) db: Db,
    /// Connected as the owner: for arranging and inspecting, never for the code under test.
    pub(crate) owner: PgPool,
    pub(crate) hub: SharedHub,
    pub(crate) clock: Clock,
    // Last, so that it is dropped when nobody else is connected.
    pub(crate) database: Database,
}

impl TestHub {
    pub(crate) async fn new() -> Self {
        let database = Database::create().await;
        let clock = Clock::system();
        let db = Db::connect(database.login(), 8).await.unwrap();
        let owner = database.owner_pool().await;
        let hub = Arc::new(Hub { db: db.clone(), clock: clock.clone() });
        Self { db, owner, hub, clock, database }
    }
}

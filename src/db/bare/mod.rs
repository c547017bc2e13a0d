//! What `tandem bench` measures against: the plainest way to write the rows of an import, and the
//! plainest way to read them. Nothing of the service uses this.

mod owner;
mod pages;
mod past;
mod rows;

pub use owner::{Owner, Plain, Writes};
pub use pages::{
    Given, chunk, deals, entries_left, insert, organizations, sample, shapes, windows_of_deals,
};
pub use past::Past;
pub use rows::{Page, Shapes};

use crate::db::{DbError, TenantTx};

/// The server's process behind this key, for measurements.
pub async fn backend(tx: &mut TenantTx) -> Result<u32, DbError> {
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(tx.conn()).await?;
    Ok(pid.unsigned_abs())
}

//! How PostgreSQL answers reports, in its own words: for `tandem bench`.

use super::{
    Asked,
    activities::{meetings_query, members_query},
    deliveries::delivered_query,
};
use crate::db::{DbError, TenantTx};

/// The plan of a statement.
#[derive(Debug, Clone)]
pub struct Planned {
    pub report: &'static str,
    pub lines: Vec<String>,
}

const EXPLAIN: &str = "explain (analyze, costs off, timing off, summary off) ";

/// Of the statements that read most.
pub async fn plans(tx: &mut TenantTx, asked: &Asked) -> Result<Vec<Planned>, DbError> {
    let statements = [
        ("meetings", meetings_query(EXPLAIN, asked)),
        ("members", members_query(EXPLAIN, asked)),
        ("deliveries", delivered_query(EXPLAIN, asked)),
    ];
    let mut all = Vec::new();
    for (report, mut query) in statements {
        let lines = query.build_query_scalar().persistent(false).fetch_all(tx.conn()).await?;
        all.push(Planned { report, lines });
    }
    Ok(all)
}

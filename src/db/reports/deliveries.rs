//! How it went with the CRMs: imports, and what was to be sent.

use chrono::NaiveDate;
use sqlx::{Postgres, QueryBuilder};

use super::Asked;
use crate::db::{DbError, TenantTx};

/// Runs of one step that ended so.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RunsRow {
    pub begins: NaiveDate,
    pub state: String,
    pub runs: i64,
    /// Persons that they looked at.
    pub seen: i64,
}

/// How long delivered ones took, from the change here to the CRM's answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Speed {
    pub within_second: i64,
    pub within_five: i64,
    pub within_minute: i64,
    pub within_hour: i64,
    pub longer: i64,
}

/// What lies in the period and was asked for by the member; no campaign and no method say anything of it.
fn narrow(query: &mut QueryBuilder<Postgres>, asked: &Asked) {
    let (from, to) = asked.moments();
    query.push(" where created_at >= ").push_bind(from);
    query.push(" and created_at < ").push_bind(to);
    if let Some(member) = asked.member {
        query.push(" and requested_by = ").push_bind(member);
    }
}

/// By step and state.
pub async fn runs(tx: &mut TenantTx, asked: &Asked) -> Result<Vec<RunsRow>, DbError> {
    let mut query = QueryBuilder::new("select date_trunc(");
    query.push_bind(asked.period.step().word()).push(
        ", created_at at time zone 'UTC')::date as begins, state, count(*) as runs,
         sum(seen)::bigint as seen from sync_run",
    );
    narrow(&mut query, asked);
    query.push(" group by 1, 2 order by 1, 2");
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

/// What became of deliveries, in one look at them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// By state, the most first. What another one made superfluous, or a deletion, nobody misses.
    pub outcomes: Vec<(String, i64)>,
    pub speed: Speed,
}

#[derive(sqlx::FromRow)]
struct StateRow {
    state: String,
    deliveries: i64,
    missed: i64,
    in_second: i64,
    in_five: i64,
    in_minute: i64,
    in_hour: i64,
}

/// By state, and of those that arrived how many had within a time: each counts in the longer ones, too,
/// so that a row is compared no oftener than needed.
pub(super) fn delivered_query(before: &str, asked: &Asked) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(before);
    query.push(
        "select state, count(*) as deliveries,
                count(*) filter (where cause is null or cause not in ('withdrawn', 'superseded'))
                    as missed,
                count(*) filter (where took <= interval '1 s') as in_second,
                count(*) filter (where took <= interval '5 s') as in_five,
                count(*) filter (where took <= interval '1 min') as in_minute,
                count(*) filter (where took <= interval '1 h') as in_hour
         from (select state, cause, delivered_at - created_at as took from delivery",
    );
    narrow(&mut query, asked);
    query.push(") asked group by 1 order by 3 desc, 1");
    query
}

pub async fn delivered(tx: &mut TenantTx, asked: &Asked) -> Result<Delivered, DbError> {
    let mut query = delivered_query("", asked);
    let rows: Vec<StateRow> = query.build_query_as().persistent(false).fetch_all(tx.conn()).await?;
    let speed =
        rows.iter().find(|row| row.state == "delivered").map_or_else(Speed::default, |all| Speed {
            within_second: all.in_second,
            within_five: all.in_five - all.in_second,
            within_minute: all.in_minute - all.in_five,
            within_hour: all.in_hour - all.in_minute,
            longer: all.deliveries - all.in_hour,
        });
    let outcomes = rows.into_iter().filter(|row| row.missed > 0);
    Ok(Delivered { outcomes: outcomes.map(|row| (row.state, row.missed)).collect(), speed })
}

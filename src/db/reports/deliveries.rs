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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
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

/// Deliveries by state. What another one made superfluous, or a deletion, nobody misses.
pub async fn outcomes(tx: &mut TenantTx, asked: &Asked) -> Result<Vec<(String, i64)>, DbError> {
    let mut query = QueryBuilder::new("select state, count(*) from delivery");
    narrow(&mut query, asked);
    query.push(
        " and (cause is null or cause not in ('withdrawn', 'superseded'))
         group by 1 order by 2 desc, 1",
    );
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

pub(super) fn speed_query(before: &str, asked: &Asked) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(before);
    query.push(
        "select count(*) filter (where took <= interval '1 s') as within_second,
                count(*) filter (where took > interval '1 s' and took <= interval '5 s') as within_five,
                count(*) filter (where took > interval '5 s' and took <= interval '1 min') as within_minute,
                count(*) filter (where took > interval '1 min' and took <= interval '1 h') as within_hour,
                count(*) filter (where took > interval '1 h') as longer
         from (select delivered_at - created_at as took from delivery",
    );
    narrow(&mut query, asked);
    query.push(" and state = 'delivered') delivered");
    query
}

pub async fn speed(tx: &mut TenantTx, asked: &Asked) -> Result<Speed, DbError> {
    let mut query = speed_query("", asked);
    Ok(query.build_query_as().persistent(false).fetch_one(tx.conn()).await?)
}

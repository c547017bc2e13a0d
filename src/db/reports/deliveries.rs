//! How it went with the CRMs: imports, and what was to be sent.

use std::collections::BTreeMap;

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

/// By state, and those that arrived by how long it took.
pub(super) fn delivered_query(before: &str, asked: &Asked) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(before);
    query.push(
        "select state,
                case when state <> 'delivered' then null
                     when took <= interval '1 s' then 0
                     when took <= interval '5 s' then 1
                     when took <= interval '1 min' then 2
                     when took <= interval '1 h' then 3
                     else 4 end as class,
                count(*) as deliveries,
                count(*) filter (where cause is null or cause not in ('withdrawn', 'superseded'))
                    as missed
         from (select state, cause, delivered_at - created_at as took from delivery",
    );
    narrow(&mut query, asked);
    query.push(") asked group by 1, 2");
    query
}

pub async fn delivered(tx: &mut TenantTx, asked: &Asked) -> Result<Delivered, DbError> {
    let mut query = delivered_query("", asked);
    let rows: Vec<(String, Option<i32>, i64, i64)> =
        query.build_query_as().persistent(false).fetch_all(tx.conn()).await?;
    let mut by_state = BTreeMap::new();
    let mut speed = Speed::default();
    for (state, class, deliveries, missed) in rows {
        match class {
            Some(0) => speed.within_second += deliveries,
            Some(1) => speed.within_five += deliveries,
            Some(2) => speed.within_minute += deliveries,
            Some(3) => speed.within_hour += deliveries,
            Some(_) => speed.longer += deliveries,
            None => {}
        }
        *by_state.entry(state).or_default() += missed;
    }
    let mut outcomes: Vec<(String, i64)> = by_state.into_iter().filter(|(_, of)| *of > 0).collect();
    outcomes.sort_by_key(|(_, deliveries)| std::cmp::Reverse(*deliveries));
    Ok(Delivered { outcomes, speed })
}

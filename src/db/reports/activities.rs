//! What was done and booked: over time, by what, and by whom.

use chrono::NaiveDate;
use sqlx::{Postgres, QueryBuilder};

use super::Asked;
use crate::{
    db::{DbError, Scope, TenantTx, campaigns::COUNTS},
    domain::MemberId,
};

/// Meetings of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct MeetingsRow {
    pub begins: NaiveDate,
    /// Agreed upon or only asked for.
    pub requested: i64,
    pub booked: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MemberRow {
    /// `None`: those who are no members any more.
    pub member_id: Option<MemberId>,
    pub name: Option<String>,
    pub done: i64,
    pub requested: i64,
    pub booked: i64,
}

/// A select of `(day, member_id, kind, logged, done, booked)`: from what is kept by day where that says
/// it, otherwise from the activities that the key may see. Of a campaign counts what its page counts.
fn push_counted(query: &mut QueryBuilder<Postgres>, asked: &Asked) {
    match (asked.campaign, asked.scope) {
        (None, Scope::All) => {
            query.push(
                "(select day, member_id, kind, logged, done, booked from activity_day where day >= ",
            );
            query.push_bind(asked.period.from).push(" and day <= ").push_bind(asked.period.to);
            if let Some(member) = asked.member {
                query.push(" and member_id = ").push_bind(member);
            }
        }
        (Some(campaign), _) => {
            query.push(COUNTED_ONE_BY_ONE);
            query.push("campaign join campaign_contact placed using (company_id, campaign_id) ");
            push_with_each(query, asked);
            query.push(" on ").push(COUNTS).push(" where campaign.campaign_id = ");
            query.push_bind(campaign);
        }
        (None, Scope::Own(owner)) => {
            query.push(COUNTED_ONE_BY_ONE);
            // What the policy says, in words that an index knows.
            query.push("(select company_id, contact_id from contact where owner_member_id = ");
            query.push_bind(owner).push(") as placed ");
            push_with_each(query, asked);
            query.push(" on true");
        }
    }
    query.push(") as counted ");
}

const COUNTED_ONE_BY_ONE: &str = "(select (activity.due_at at time zone 'UTC')::date as day,
            coalesce(activity.member_id, '00000000-0000-0000-0000-000000000000') as member_id,
            activity.kind, 1::bigint as logged, activity.done::int::bigint as done,
            activity.booked::int::bigint as booked from ";

/// Joins what was done with each of those `placed`, contact by contact, from the index of their
/// activities alone. `offset 0` keeps it so: planned freely, the policy of the activities, which is no
/// condition that an index could serve, makes PostgreSQL read all of the company's.
fn push_with_each(query: &mut QueryBuilder<Postgres>, asked: &Asked) {
    let (from, to) = asked.moments();
    query.push(
        "join lateral (
             select company_id, contact_id, due_at, member_id, campaign_id, kind, done, booked from activity
             where activity.company_id = placed.company_id and activity.contact_id = placed.contact_id
               and activity.due_at >= ",
    );
    query.push_bind(from).push(" and activity.due_at < ").push_bind(to);
    if let Some(member) = asked.member {
        query.push(" and activity.member_id = ").push_bind(member);
    }
    query.push(" offset 0) activity");
}

pub(super) fn meetings_query(before: &str, asked: &Asked) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(before);
    query.push("select date_trunc(").push_bind(asked.period.step().word());
    query.push(
        ", day::timestamp)::date as begins,
         sum(logged)::bigint as requested, sum(booked)::bigint as booked from ",
    );
    push_counted(&mut query, asked);
    query.push("where kind = 'MEETING' group by 1 order by 1");
    query
}

/// Meetings by step; steps without one are left out. A method means nothing here: a meeting is one.
pub async fn meetings(tx: &mut TenantTx, asked: &Asked) -> Result<Vec<MeetingsRow>, DbError> {
    let mut query = meetings_query("", asked);
    // What is asked for differs too much for one plan.
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

/// What was done, by kind; kinds of which nothing was are left out.
pub async fn methods(tx: &mut TenantTx, asked: &Asked) -> Result<Vec<(String, i64)>, DbError> {
    let mut query = QueryBuilder::new("select kind, sum(done)::bigint as done from ");
    push_counted(&mut query, asked);
    query.push("where done > 0");
    if let Some(method) = asked.method {
        query.push(" and kind = ").push_bind(method.word());
    }
    query.push(" group by 1 order by 2 desc, 1");
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

pub(super) fn members_query(before: &str, asked: &Asked) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(before);
    query.push(
        "select coalesce(member.member_id,
                         nullif(counted.member_id, '00000000-0000-0000-0000-000000000000')) as member_id,
                member.name, coalesce(counted.done, 0) as done,
                coalesce(counted.requested, 0) as requested, coalesce(counted.booked, 0) as booked
         from (select member_id, coalesce(sum(done)",
    );
    if let Some(method) = asked.method {
        query.push(" filter (where kind = ").push_bind(method.word()).push(")");
    }
    query.push(
        ", 0)::bigint as done,
           coalesce(sum(logged) filter (where kind = 'MEETING'), 0)::bigint as requested,
           sum(booked)::bigint as booked from ",
    );
    push_counted(&mut query, asked);
    query.push("group by 1) counted ");
    // Of the own contacts it is told who worked on them; of everybody's, who did not, too.
    query.push(if asked.scope == Scope::All { "full join" } else { "left join" });
    query.push(" member on member.member_id = counted.member_id ");
    if let Some(member) = asked.member {
        query.push("where coalesce(member.member_id, counted.member_id) = ").push_bind(member);
    }
    query.push(" order by done desc, booked desc, member.name, 1");
    query
}

/// What was done (by the method, if one is asked for) and which meetings came of it, by member.
pub async fn members(tx: &mut TenantTx, asked: &Asked) -> Result<Vec<MemberRow>, DbError> {
    let mut query = members_query("", asked);
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

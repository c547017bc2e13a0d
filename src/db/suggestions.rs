//! Whom to contact next: the best by score, found without looking at the rest of the book.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};

use crate::{
    db::{DbError, TenantTx, contacts::Owner},
    domain::{CampaignId, ContactId, MemberId, suggestion},
};

/// Who is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Whose snoozes count.
    pub for_member: MemberId,
    /// Of whom; `None`: of everybody that the key may see.
    pub owner: Option<Owner>,
    pub campaign: Option<CampaignId>,
    pub now: DateTime<Utc>,
}

/// What decides about a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Candidate {
    pub contact_id: ContactId,
    pub warmness: i16,
    pub last_contacted_at: Option<DateTime<Utc>>,
}

impl Candidate {
    fn score(&self, now: DateTime<Utc>) -> i64 {
        let days = suggestion::days_since(self.last_contacted_at, now);
        suggestion::score(self.warmness, days)
    }
}

/// The best, the highest score first; of equal ones who waits longest.
pub async fn best(tx: &mut TenantTx, wish: &Wish, most: i64) -> Result<Vec<Candidate>, DbError> {
    let mut found = if wish.campaign.is_some() {
        of_campaign(tx, wish, most).await?
    } else {
        of_each_warmness(tx, wish, most).await?
    };
    rank(&mut found, wish.now);
    let enough = usize::try_from(most).unwrap_or_default();
    let last = enough.checked_sub(1).and_then(|last| found.get(last));
    // Cold ones who were never contacted come in where nobody better is left.
    let room = last.is_none_or(|last| last.score(wish.now) <= suggestion::COLD);
    if wish.campaign.is_none() && room {
        found.extend(never_contacted(tx, wish, most).await?);
        rank(&mut found, wish.now);
    }
    found.truncate(enough);
    Ok(found)
}

fn rank(found: &mut [Candidate], now: DateTime<Utc>) {
    found.sort_by_key(|one| (-one.score(now), one.last_contacted_at, one.contact_id));
}

/// The first of `contact_next` (or `contact_next_of_owner`) for each warmness: eleven short scans.
async fn of_each_warmness(
    tx: &mut TenantTx,
    wish: &Wish,
    most: i64,
) -> Result<Vec<Candidate>, DbError> {
    let mut query = QueryBuilder::new(
        "select first.contact_id, first.warmness, first.last_contacted_at
         from generate_series(0, 10) level (warmness)
         cross join lateral (
             select contact.contact_id, contact.warmness, contact.last_contacted_at
             from contact
             where contact.warmness = level.warmness::smallint
               and (contact.warmness > 0 or contact.last_contacted_at is not null)",
    );
    narrow(&mut query, wish);
    query.push(" order by contact.last_contacted_at nulls first, contact.contact_id limit ");
    query.push_bind(most).push(") first");
    // What is planned must fit today's book: see the traps.
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

/// In the order in which they came into the book. Where hardly anybody is such, this looks at all of
/// the book: 30 ms at 100,000.
async fn never_contacted(
    tx: &mut TenantTx,
    wish: &Wish,
    most: i64,
) -> Result<Vec<Candidate>, DbError> {
    let mut query = QueryBuilder::new(
        "select contact_id, warmness, last_contacted_at from contact
         where warmness = 0 and last_contacted_at is null",
    );
    narrow(&mut query, wish);
    query.push(" order by contact_id limit ").push_bind(most);
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

/// A campaign's contacts are few beside the book: all of them are compared.
async fn of_campaign(tx: &mut TenantTx, wish: &Wish, most: i64) -> Result<Vec<Candidate>, DbError> {
    let mut query = QueryBuilder::new(
        "select contact.contact_id, contact.warmness, contact.last_contacted_at
         from campaign_contact
         join contact using (company_id, contact_id)
         where campaign_contact.campaign_id = ",
    );
    query.push_bind(wish.campaign);
    narrow(&mut query, wish);
    // As `domain::suggestion::score` has it.
    query.push(
        " order by 7 * contact.warmness + least(coalesce(greatest(floor(extract(epoch from (",
    );
    query.push_bind(wish.now);
    query.push(
        "::timestamptz - contact.last_contacted_at)) / 86400), 0), 999), 30) desc,
         contact.last_contacted_at nulls first, contact.contact_id limit ",
    );
    query.push_bind(most);
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

fn narrow(query: &mut QueryBuilder<Postgres>, wish: &Wish) {
    match wish.owner {
        Some(Owner::Nobody) => {
            query.push(" and contact.owner_member_id is null");
        }
        Some(Owner::Member(member)) => {
            query.push(" and contact.owner_member_id = ").push_bind(member);
        }
        None => {}
    }
    query.push(
        " and not exists (
             select from contact_snooze
             where contact_snooze.company_id = contact.company_id
               and contact_snooze.contact_id = contact.contact_id
               and contact_snooze.member_id = ",
    );
    query.push_bind(wish.for_member).push(" and contact_snooze.until > ");
    query.push_bind(wish.now).push(")");
}

/// Puts a contact off for a member, or with `None` takes that back; whether the key may see it.
pub async fn snooze(
    tx: &mut TenantTx,
    member_id: MemberId,
    contact_id: ContactId,
    until: Option<DateTime<Utc>>,
) -> Result<bool, DbError> {
    let there: Option<bool> =
        sqlx::query_scalar("select true from contact where contact_id = $1 for key share")
            .bind(contact_id)
            .fetch_optional(tx.conn())
            .await?;
    if there.is_none() {
        return Ok(false);
    }
    let company_id = tx.company_id();
    match until {
        Some(until) => {
            sqlx::query(
                "insert into contact_snooze (company_id, member_id, contact_id, until)
                 values ($1, $2, $3, $4)
                 on conflict (company_id, member_id, contact_id) do update set until = excluded.until",
            )
            .bind(company_id)
            .bind(member_id)
            .bind(contact_id)
            .bind(until)
        }
        None => sqlx::query(
            "delete from contact_snooze
             where company_id = $1 and member_id = $2 and contact_id = $3",
        )
        .bind(company_id)
        .bind(member_id)
        .bind(contact_id),
    }
    .execute(tx.conn())
    .await?;
    Ok(true)
}

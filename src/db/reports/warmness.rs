//! How warm the book was.

use chrono::NaiveDate;
use sqlx::QueryBuilder;

use super::Asked;
use crate::db::{DbError, TenantTx};

/// Contacts of one warmness that came in a step, less those that went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Held {
    /// `None`: before the first step.
    pub begins: Option<NaiveDate>,
    pub warmness: i16,
    pub contacts: i64,
}

/// The first day of which it is known; `None` for a book that never held anybody.
pub async fn known_since(tx: &mut TenantTx) -> Result<Option<NaiveDate>, DbError> {
    Ok(sqlx::query_scalar("select min(day) from warmness_change").fetch_one(tx.conn()).await?)
}

/// By step and warmness; a member means the owner of the contacts, and nothing else counts. `first` is
/// the first day of the first step.
pub async fn warmness(
    tx: &mut TenantTx,
    asked: &Asked,
    first: NaiveDate,
) -> Result<Vec<Held>, DbError> {
    let mut query = QueryBuilder::new("select case when day >= ");
    query.push_bind(first).push(" then date_trunc(").push_bind(asked.period.step().word());
    query.push(
        ", day::timestamp)::date end as begins, warmness, sum(contacts)::bigint as contacts
         from warmness_change where day <= ",
    );
    query.push_bind(asked.period.to);
    if let Some(owner) = asked.member {
        query.push(" and owner_member_id = ").push_bind(owner);
    }
    query.push(" group by 1, 2 order by 1 nulls first, 2");
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

/// Puts the rows of days before this one together, one per day, owner and warmness; how many rows that
/// took. Of two who do it at once, the second finds nothing left to do.
pub async fn fold_warmness(tx: &mut TenantTx, before: NaiveDate) -> Result<u64, DbError> {
    let folded = sqlx::query(
        "with many as (
             select company_id, day, owner_member_id, warmness from warmness_change
             where day < $1 group by 1, 2, 3, 4 having count(*) > 1
         ), taken as (
             delete from warmness_change one using many
             where one.company_id = many.company_id and one.day = many.day
               and one.owner_member_id = many.owner_member_id and one.warmness = many.warmness
             returning one.company_id, one.day, one.owner_member_id, one.warmness, one.contacts
         )
         insert into warmness_change (company_id, day, owner_member_id, warmness, contacts)
         select company_id, day, owner_member_id, warmness, sum(contacts) from taken
         group by 1, 2, 3, 4",
    )
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(folded.rows_affected())
}

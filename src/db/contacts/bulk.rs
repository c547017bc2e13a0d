//! Many contacts at once, in one statement however many.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

use super::list::{Filter, narrow};
use crate::{
    db::{DbError, TenantTx},
    domain::{ContactId, MemberId},
};

/// Which contacts.
#[derive(Debug, Clone)]
pub enum Chosen {
    Ids(Vec<ContactId>),
    Matching(Filter),
}

/// Those of them that the key may see with their owners, locked in the order of their ids; at most
/// `most`.
pub async fn lock_chosen(
    tx: &mut TenantTx,
    chosen: &Chosen,
    most: i64,
) -> Result<Vec<(ContactId, Option<MemberId>)>, DbError> {
    let mut query = QueryBuilder::new(
        "select contact.contact_id, contact.owner_member_id from contact where true",
    );
    match chosen {
        Chosen::Ids(ids) => {
            query.push(" and contact.contact_id = any(").push_bind(ids).push(")");
        }
        Chosen::Matching(filter) => narrow(&mut query, filter),
    }
    query
        .push(" order by contact.contact_id limit ")
        .push_bind(most)
        .push(" for update of contact");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// `edited` with this field in it: no sync overwrites it from now on.
macro_rules! edited {
    ($field:literal) => {
        concat!(
            "edited = case when '",
            $field,
            "' = any(edited) then edited
             else edited || '",
            $field,
            "'::text end"
        )
    };
}

/// Gives them to a member or to nobody; those that changed hands.
pub async fn set_owner(
    tx: &mut TenantTx,
    ids: &[ContactId],
    owner: Option<MemberId>,
    now: DateTime<Utc>,
) -> Result<Vec<ContactId>, DbError> {
    Ok(sqlx::query_scalar(concat!(
        "update contact set owner_member_id = $2, updated_at = $3, ",
        edited!("owner"),
        " where contact_id = any($1) and owner_member_id is distinct from $2 returning contact_id"
    ))
    .bind(ids)
    .bind(owner)
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Adds a tag; those that did not have it, and had room for it (`most`).
pub async fn add_tag(
    tx: &mut TenantTx,
    ids: &[ContactId],
    tag: &str,
    most: i32,
    now: DateTime<Utc>,
) -> Result<Vec<ContactId>, DbError> {
    Ok(sqlx::query_scalar(concat!(
        "update contact set tags = tags || $2::text, updated_at = $3, ",
        edited!("tags"),
        " where contact_id = any($1) and not ($2 = any(tags)) and cardinality(tags) < $4
          returning contact_id"
    ))
    .bind(ids)
    .bind(tag)
    .bind(now)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// Removes a tag; those that had it.
pub async fn remove_tag(
    tx: &mut TenantTx,
    ids: &[ContactId],
    tag: &str,
    now: DateTime<Utc>,
) -> Result<Vec<ContactId>, DbError> {
    Ok(sqlx::query_scalar(concat!(
        "update contact set tags = array_remove(tags, $2), updated_at = $3, ",
        edited!("tags"),
        " where contact_id = any($1) and $2 = any(tags) returning contact_id"
    ))
    .bind(ids)
    .bind(tag)
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Deletes them with their identifiers and links; those that were there.
pub async fn delete_many(tx: &mut TenantTx, ids: &[ContactId]) -> Result<Vec<ContactId>, DbError> {
    Ok(sqlx::query_scalar("delete from contact where contact_id = any($1) returning contact_id")
        .bind(ids)
        .fetch_all(tx.conn())
        .await?)
}

/// A tag in use, and by how many.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Tag {
    pub tag: String,
    pub contacts: i64,
}

/// The tags of the newest contacts that the key may see, the most used first. Bounded by `newest`, for
/// no index knows what is in arrays under row security.
pub async fn tags(tx: &mut TenantTx, newest: i64, most: i64) -> Result<Vec<Tag>, DbError> {
    Ok(sqlx::query_as(
        "select tag, count(*) as contacts
         from (select tags from contact order by contact_id desc limit $1) newest
         cross join unnest(tags) as tag
         group by tag order by contacts desc, tag limit $2",
    )
    .bind(newest)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

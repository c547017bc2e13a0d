//! Rows of `campaign` and `campaign_member`.

mod assign;
mod contacts;
mod performance;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{QueryBuilder, types::Json};

use crate::{
    db::{DbError, TenantTx},
    domain::{CampaignId, MemberId},
};

pub use assign::{Assigned, Terms, assign_emails, assign_ids, assign_matching};
pub(in crate::db) use contacts::COUNTS;
pub use contacts::{Placed, Position, contacts, place, placed, remove};
pub use performance::{Performance, performance};

/// What a member writes of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct Fields {
    pub name: String,
    pub description: String,
    pub sector: Option<String>,
    pub theme: Option<String>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
}

/// A campaign as it is shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Campaign {
    pub campaign_id: CampaignId,
    #[sqlx(flatten)]
    pub fields: Fields,
    /// By name.
    pub people: Json<Vec<Person>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, serde::Deserialize)]
pub struct Person {
    pub member_id: MemberId,
    pub name: String,
}

const SHOWN: &str = "select campaign_id, name, description, sector, theme, starts_on, ends_on,
        created_at, updated_at,
        coalesce((
            select jsonb_agg(jsonb_build_object('member_id', member.member_id, 'name', member.name)
                             order by member.name, member.member_id)
            from campaign_member
            join member using (company_id, member_id)
            where campaign_member.company_id = campaign.company_id
              and campaign_member.campaign_id = campaign.campaign_id
        ), '[]') as people
    from campaign ";

/// `None` for one that is not there, or is another company's.
pub async fn get(tx: &mut TenantTx, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    let mut query = QueryBuilder::new(SHOWN);
    query.push("where campaign_id = ").push_bind(id);
    Ok(query.build_query_as().fetch_optional(tx.conn()).await?)
}

/// One page, the newest first: ids are made in the order of creation.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<CampaignId>,
    most: i64,
) -> Result<Vec<Campaign>, DbError> {
    let mut query = QueryBuilder::new(SHOWN);
    if let Some(after) = after {
        query.push("where campaign_id < ").push_bind(after);
    }
    query.push(" order by campaign_id desc limit ").push_bind(most);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// How many the company has.
pub async fn count(tx: &mut TenantTx) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar("select count(*) from campaign").fetch_one(tx.conn()).await?)
}

/// What is to be changed, with its people, locked.
pub async fn lock(
    tx: &mut TenantTx,
    id: CampaignId,
) -> Result<Option<(Fields, Vec<MemberId>)>, DbError> {
    let fields: Option<Fields> = sqlx::query_as(
        "select name, description, sector, theme, starts_on, ends_on
         from campaign where campaign_id = $1 for no key update",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    let Some(fields) = fields else { return Ok(None) };
    let people = sqlx::query_scalar(
        "select member_id from campaign_member where campaign_id = $1 order by member_id",
    )
    .bind(id)
    .fetch_all(tx.conn())
    .await?;
    Ok(Some((fields, people)))
}

/// Whether it is there; it stays until the transaction ends.
pub async fn exists(tx: &mut TenantTx, id: CampaignId) -> Result<bool, DbError> {
    let row: Option<bool> =
        sqlx::query_scalar("select true from campaign where campaign_id = $1 for key share")
            .bind(id)
            .fetch_optional(tx.conn())
            .await?;
    Ok(row.is_some())
}

pub async fn insert(
    tx: &mut TenantTx,
    id: CampaignId,
    fields: &Fields,
    by: MemberId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into campaign
             (company_id, campaign_id, name, description, sector, theme, starts_on, ends_on,
              created_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
    )
    .bind(company_id)
    .bind(id)
    .bind(&fields.name)
    .bind(&fields.description)
    .bind(&fields.sector)
    .bind(&fields.theme)
    .bind(fields.starts_on)
    .bind(fields.ends_on)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn update(
    tx: &mut TenantTx,
    id: CampaignId,
    fields: &Fields,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "update campaign
         set name = $2, description = $3, sector = $4, theme = $5, starts_on = $6, ends_on = $7,
             updated_at = $8
         where campaign_id = $1",
    )
    .bind(id)
    .bind(&fields.name)
    .bind(&fields.description)
    .bind(&fields.sector)
    .bind(&fields.theme)
    .bind(fields.starts_on)
    .bind(fields.ends_on)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes it with its people and its list of contacts; whether there was one.
pub async fn delete(tx: &mut TenantTx, id: CampaignId) -> Result<bool, DbError> {
    let deleted = sqlx::query("delete from campaign where campaign_id = $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Makes these members the people of a campaign. One who is no member of the company is a dangling
/// reference.
pub async fn set_people(
    tx: &mut TenantTx,
    id: CampaignId,
    people: &[MemberId],
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query("delete from campaign_member where campaign_id = $1 and member_id <> all($2)")
        .bind(id)
        .bind(people)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "insert into campaign_member (company_id, campaign_id, member_id)
         select $1, $2, member_id from unnest($3::uuid[]) as wanted (member_id)
         order by member_id
         on conflict do nothing",
    )
    .bind(company_id)
    .bind(id)
    .bind(people)
    .execute(tx.conn())
    .await?;
    Ok(())
}

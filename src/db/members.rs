//! Who is in the company.

use crate::{
    db::{DbError, TenantTx},
    domain::{MemberId, UserId},
    policy::Role,
};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Member {
    pub member_id: MemberId,
    pub user_id: UserId,
    pub name: String,
    pub email: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    /// Contacts they own, of those the key may see.
    pub contacts: i64,
}

/// By name.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Member>, DbError> {
    Ok(sqlx::query_as(
        "select member_id, user_id, name, email, role, coalesce(owned.contacts, 0) as contacts
         from member
         left join (
             select owner_member_id, count(*) as contacts from contact
             where owner_member_id is not null group by owner_member_id
         ) owned on owner_member_id = member_id
         order by lower(name), member_id",
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn count(tx: &mut TenantTx) -> Result<u64, DbError> {
    let members: i64 =
        sqlx::query_scalar("select count(*) from member").fetch_one(tx.conn()).await?;
    Ok(members.unsigned_abs())
}

#[derive(sqlx::FromRow)]
struct RoleRow {
    #[sqlx(try_from = "String")]
    role: Role,
}

/// The role as stored; `None` for who is no member any more.
pub async fn role(tx: &mut TenantTx, member_id: MemberId) -> Result<Option<Role>, DbError> {
    let row: Option<RoleRow> =
        sqlx::query_as("select role from member where member_id = $1 for share")
            .bind(member_id)
            .fetch_optional(tx.conn())
            .await?;
    Ok(row.map(|row| row.role))
}

pub async fn exists(tx: &mut TenantTx, member_id: MemberId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar("select exists (select from member where member_id = $1)")
        .bind(member_id)
        .fetch_one(tx.conn())
        .await?)
}

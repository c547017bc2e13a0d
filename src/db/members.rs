//! Who is in the company.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::{CompanyId, MemberId, UserId},
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
    pub created_at: DateTime<Utc>,
    /// Contacts they own, of those the key may see.
    pub contacts: i64,
}

/// By name.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Member>, DbError> {
    Ok(sqlx::query_as(
        "select member_id, user_id, name, email, role, created_at,
                coalesce(owned.contacts, 0) as contacts
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

pub async fn has_address(tx: &mut TenantTx, email: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar("select exists (select from member where email_norm = lower($1))")
        .bind(email)
        .fetch_one(tx.conn())
        .await?)
}

/// One change of who is in a company, and as what, at a time: two at once must not both take the last
/// seat, nor both be the owner who was not the last. A lock of its own, because the door may not lock
/// the company's row.
pub async fn lock_team(tx: &mut TenantTx) -> Result<(), DbError> {
    let company_id = tx.company_id();
    lock(tx.conn(), company_id).await
}

/// The same at the door.
pub async fn lock_team_at_door(tx: &mut DoorTx, company_id: CompanyId) -> Result<(), DbError> {
    lock(tx.conn(), company_id).await
}

async fn lock(conn: &mut sqlx::PgConnection, company_id: CompanyId) -> Result<(), DbError> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('team ' || $1, 0))")
        .bind(company_id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn owners(tx: &mut TenantTx) -> Result<u64, DbError> {
    let owners: i64 = sqlx::query_scalar("select count(*) from member where role = $1")
        .bind(Role::Owner.word())
        .fetch_one(tx.conn())
        .await?;
    Ok(owners.unsigned_abs())
}

pub async fn set_role(tx: &mut TenantTx, member_id: MemberId, role: Role) -> Result<(), DbError> {
    sqlx::query("update member set role = $2 where member_id = $1")
        .bind(member_id)
        .bind(role.word())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes a member out: their contacts become those of `heir`, or nobody's; sessions, API keys and
/// invitations of theirs go with the row. Returns how many contacts changed hands.
pub async fn remove(
    tx: &mut TenantTx,
    member_id: MemberId,
    heir: Option<MemberId>,
    now: DateTime<Utc>,
) -> Result<u64, DbError> {
    // Whoever gives them a contact at this moment holds the row until it is written: from here on
    // nobody can, and what was written is seen below.
    sqlx::query("select from member where member_id = $1 for update")
        .bind(member_id)
        .execute(tx.conn())
        .await?;
    let given = sqlx::query(
        "update contact
         set owner_member_id = $2, updated_at = $3,
             -- What a manager decided stays, whatever the CRM says. Nobody's is nobody's decision.
             edited = case when $2::uuid is null or 'owner' = any(edited) then edited
                           else array_append(edited, 'owner') end
         where owner_member_id = $1",
    )
    .bind(member_id)
    .bind(heir)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query("delete from member where member_id = $1")
        .bind(member_id)
        .execute(tx.conn())
        .await?;
    Ok(given.rows_affected())
}

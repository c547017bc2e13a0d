//! People who were asked into a company and have not come yet.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::{CompanyId, InvitationId, MemberId, TokenHash},
    policy::Role,
};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Invitation {
    pub invitation_id: InvitationId,
    pub email: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub invited_by: MemberId,
    pub invited_by_name: String,
    pub created_at: DateTime<Utc>,
    /// Null until the mail has left.
    pub sent_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
}

const SHOWN: &str = "select invitation_id, invitation.email, invitation.role, invited_by,
            member.name as invited_by_name, invitation.created_at, sent_at, expires_at
     from invitation
     join member on member.company_id = invitation.company_id and member_id = invited_by ";

/// Newest first. A company has few: their number is bounded.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Invitation>, DbError> {
    let mut query = sqlx::QueryBuilder::new(SHOWN);
    query.push("order by invitation_id desc");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

pub async fn get(tx: &mut TenantTx, id: InvitationId) -> Result<Option<Invitation>, DbError> {
    let mut query = sqlx::QueryBuilder::new(SHOWN);
    query.push("where invitation_id = ").push_bind(id);
    Ok(query.build_query_as().fetch_optional(tx.conn()).await?)
}

/// How many there are, and how many of them hold a seat: an expired one does not.
pub async fn counts(
    tx: &mut TenantTx,
    but: Option<InvitationId>,
    now: DateTime<Utc>,
) -> Result<(u64, u64), DbError> {
    let (all, open): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where expires_at > $1)
         from invitation where invitation_id is distinct from $2",
    )
    .bind(now)
    .bind(but)
    .fetch_one(tx.conn())
    .await?;
    Ok((all.unsigned_abs(), open.unsigned_abs()))
}

/// Somebody to ask.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    pub invitation_id: InvitationId,
    pub email: &'a str,
    pub role: Role,
    pub invited_by: MemberId,
    pub expires_at: DateTime<Utc>,
}

/// A second one for the same address is a conflict on `invitation_once`.
pub async fn insert(
    tx: &mut TenantTx,
    new: &NewInvitation<'_>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into invitation
             (company_id, invitation_id, email, role, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(company_id)
    .bind(new.invitation_id)
    .bind(new.email)
    .bind(new.role.word())
    .bind(new.invited_by)
    .bind(now)
    .bind(new.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives it more time, on the authority of whoever renews it. The link of before opens nothing from
/// now on.
pub async fn renew(
    tx: &mut TenantTx,
    id: InvitationId,
    by: MemberId,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "update invitation
         set invited_by = $2, expires_at = $3, token_hash = null, sent_at = null
         where invitation_id = $1",
    )
    .bind(id)
    .bind(by)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The link of the mail that is about to leave will carry this token.
pub async fn arm(
    tx: &mut TenantTx,
    id: InvitationId,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query("update invitation set token_hash = $2, sent_at = $3 where invitation_id = $1")
        .bind(id)
        .bind(token.bytes())
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether there was one.
pub async fn delete(tx: &mut TenantTx, id: InvitationId) -> Result<bool, DbError> {
    let deleted = sqlx::query("delete from invitation where invitation_id = $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Takes back what a member asked and may not grant any more: all but those with these roles.
pub async fn withdraw(
    tx: &mut TenantTx,
    by: MemberId,
    but: &[Role],
) -> Result<Vec<InvitationId>, DbError> {
    let words: Vec<&str> = but.iter().map(|role| role.word()).collect();
    Ok(sqlx::query_scalar(
        "delete from invitation where invited_by = $1 and role <> all($2) returning invitation_id",
    )
    .bind(by)
    .bind(words)
    .fetch_all(tx.conn())
    .await?)
}

/// What a token opens.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Opened {
    pub company_id: CompanyId,
    pub invitation_id: InvitationId,
    pub email: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub company_name: String,
    pub invited_by_name: String,
    pub expires_at: DateTime<Utc>,
}

/// The invitation with this token; an expired one is none.
pub async fn opened(
    tx: &mut DoorTx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Opened>, DbError> {
    Ok(sqlx::query_as(
        "select invitation.company_id, invitation_id, invitation.email, invitation.role,
                company.name as company_name, member.name as invited_by_name, expires_at
         from invitation
         join company on company.company_id = invitation.company_id
         join member on member.company_id = invitation.company_id and member_id = invited_by
         where token_hash = $1 and expires_at > $2",
    )
    .bind(token.bytes())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// Spends it; of two who come at once, one gets `true`.
pub async fn spend(
    tx: &mut DoorTx,
    opened: &Opened,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let spent = sqlx::query(
        "delete from invitation
         where company_id = $1 and invitation_id = $2 and token_hash = $3 and expires_at > $4
           and role = $5",
    )
    .bind(opened.company_id)
    .bind(opened.invitation_id)
    .bind(token.bytes())
    .bind(now)
    .bind(opened.role.word())
    .execute(tx.conn())
    .await?;
    Ok(spent.rows_affected() == 1)
}

//! People who can sign in, at the door: before a company is known.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, DoorTx},
    domain::{CompanyId, MemberId, TokenHash, UserId},
    policy::{Plan, Role},
};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct User {
    pub user_id: UserId,
    pub name: String,
    pub email: String,
}

/// What a password is checked against.
#[derive(Clone, sqlx::FromRow)]
pub struct Credentials {
    pub user_id: UserId,
    pub password_hash: String,
}

pub async fn credentials(tx: &mut DoorTx, email: &str) -> Result<Option<Credentials>, DbError> {
    Ok(sqlx::query_as("select user_id, password_hash from app_user where email_norm = lower($1)")
        .bind(email)
        .fetch_optional(tx.conn())
        .await?)
}

pub async fn user(tx: &mut DoorTx, user_id: UserId) -> Result<Option<User>, DbError> {
    Ok(sqlx::query_as("select user_id, name, email from app_user where user_id = $1")
        .bind(user_id)
        .fetch_optional(tx.conn())
        .await?)
}

/// A company that a user is in.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Membership {
    pub company_id: CompanyId,
    pub company_name: String,
    pub member_id: MemberId,
    #[sqlx(try_from = "String")]
    pub role: Role,
    #[sqlx(try_from = "String")]
    pub plan: Plan,
    pub country: String,
}

/// Oldest first: the first is where a sign-in leads.
pub async fn memberships(tx: &mut DoorTx, user_id: UserId) -> Result<Vec<Membership>, DbError> {
    Ok(sqlx::query_as(
        "select company_id, company.name as company_name, member_id, role, plan, country
         from member
         join company using (company_id)
         where user_id = $1
         order by member.created_at, company_id",
    )
    .bind(user_id)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn set_password(
    tx: &mut DoorTx,
    user_id: UserId,
    password_hash: &str,
) -> Result<(), DbError> {
    sqlx::query("update app_user set password_hash = $2 where user_id = $1")
        .bind(user_id)
        .bind(password_hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A sign-up that waits for its address to be confirmed.
#[derive(Clone, sqlx::FromRow)]
pub struct Signup {
    pub email: String,
    pub name: String,
    pub company_name: String,
    pub country: String,
    pub password_hash: String,
}

pub async fn insert_signup(
    tx: &mut DoorTx,
    signup_id: uuid::Uuid,
    signup: &Signup,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "insert into signup
             (signup_id, email, name, company_name, country, password_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(signup_id)
    .bind(&signup.email)
    .bind(&signup.name)
    .bind(&signup.company_name)
    .bind(&signup.country)
    .bind(&signup.password_hash)
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the sign-up with this token; the token works once.
pub async fn take_signup(
    tx: &mut DoorTx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Signup>, DbError> {
    let found: Option<Signup> = sqlx::query_as(
        "delete from signup where token_hash = $1 and expires_at > $2
         returning email, name, company_name, country, password_hash",
    )
    .bind(token.bytes())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(signup) = &found {
        // Others for the same address are settled with it.
        sqlx::query("delete from signup where lower(email) = lower($1)")
            .bind(&signup.email)
            .execute(tx.conn())
            .await?;
    }
    Ok(found)
}

/// The user and company of a confirmed sign-up.
#[derive(Debug, Clone, Copy)]
pub struct Founded {
    pub user_id: UserId,
    pub company_id: CompanyId,
    pub member_id: MemberId,
}

/// Makes a company with its owner. The address may be taken meanwhile: `app_user_email_unique`.
pub async fn found_company(
    tx: &mut DoorTx,
    signup: &Signup,
    plan: Plan,
    now: DateTime<Utc>,
) -> Result<Founded, DbError> {
    let founded = Founded {
        user_id: UserId::fresh(),
        company_id: CompanyId::fresh(),
        member_id: MemberId::fresh(),
    };
    sqlx::query(
        "insert into app_user (user_id, email, name, password_hash, created_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(founded.user_id)
    .bind(&signup.email)
    .bind(&signup.name)
    .bind(&signup.password_hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into company (company_id, name, country, plan, created_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(founded.company_id)
    .bind(&signup.company_name)
    .bind(&signup.country)
    .bind(plan.word())
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query("insert into book (company_id) values ($1)")
        .bind(founded.company_id)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "insert into member (company_id, member_id, user_id, role, name, email, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(founded.company_id)
    .bind(founded.member_id)
    .bind(founded.user_id)
    .bind(Role::Owner.word())
    .bind(&signup.name)
    .bind(&signup.email)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(founded)
}

/// Whose password the token may set; the token works once, and so do its siblings.
pub async fn take_reset(
    tx: &mut DoorTx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<UserId>, DbError> {
    let user_id: Option<UserId> = sqlx::query_scalar(
        "update password_reset set used_at = $2
         where token_hash = $1 and used_at is null and expires_at > $2
         returning user_id",
    )
    .bind(token.bytes())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(user_id) = user_id {
        sqlx::query(
            "update password_reset set used_at = $2 where user_id = $1 and used_at is null",
        )
        .bind(user_id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    }
    Ok(user_id)
}

/// Somebody new in a company that exists.
#[derive(Debug)]
pub struct NewMember<'a> {
    pub company_id: CompanyId,
    pub role: Role,
    pub name: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
}

/// Makes a user and lets them into the company.
pub async fn join(
    tx: &mut DoorTx,
    new: &NewMember<'_>,
    now: DateTime<Utc>,
) -> Result<(UserId, MemberId), DbError> {
    let user_id = UserId::fresh();
    sqlx::query(
        "insert into app_user (user_id, email, name, password_hash, created_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(user_id)
    .bind(new.email)
    .bind(new.name)
    .bind(new.password_hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let user = User { user_id, name: new.name.to_owned(), email: new.email.to_owned() };
    let member_id = enter(tx, new.company_id, &user, new.role, now).await?;
    Ok((user_id, member_id))
}

/// Lets a user into a company; once: `member_user_unique`.
pub async fn enter(
    tx: &mut DoorTx,
    company_id: CompanyId,
    user: &User,
    role: Role,
    now: DateTime<Utc>,
) -> Result<MemberId, DbError> {
    let member_id = MemberId::fresh();
    sqlx::query(
        "insert into member (company_id, member_id, user_id, role, name, email, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(company_id)
    .bind(member_id)
    .bind(user.user_id)
    .bind(role.word())
    .bind(&user.name)
    .bind(&user.email)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(member_id)
}

/// What decides whether a company has room for one more; asked with its team locked.
pub async fn seats_taken(
    tx: &mut DoorTx,
    company_id: CompanyId,
) -> Result<Option<(Plan, u64)>, DbError> {
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(try_from = "String")]
        plan: Plan,
        members: i64,
    }
    let row: Option<Row> = sqlx::query_as(
        "select plan, (select count(*) from member where member.company_id = $1) as members
         from company where company_id = $1",
    )
    .bind(company_id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.plan, row.members.unsigned_abs())))
}

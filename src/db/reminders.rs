//! Next steps that become due: which mail tells of which, and who wants none.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    db::{DbError, TenantTx},
    domain::{ContactId, MemberId},
    policy::Role,
};

/// What is due, as the mail tells it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Due {
    pub contact_id: ContactId,
    pub contact_name: String,
    pub organization_name: Option<String>,
    pub kind: String,
    pub subject: String,
    pub due_at: DateTime<Utc>,
    pub has_time: bool,
}

/// To whom, and with which eyes.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Addressee {
    pub email: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub mails_reminders: bool,
}

/// Writes the mails of a day: for each member who wants them and has none of this day yet, what is due
/// between these moments and was not told before. Returns those who get one now.
pub async fn plan(
    tx: &mut TenantTx,
    day: NaiveDate,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<MemberId>, DbError> {
    let company_id = tx.company_id();
    Ok(sqlx::query_scalar(
        "with due as materialized (
             select activity.activity_id, activity.due_at, activity.member_id
             from activity join member using (company_id, member_id)
             where not activity.done and activity.due_at >= $3 and activity.due_at < $4
               and member.mails_reminders
               and not exists (
                   select from activity_reminder told
                   where told.company_id = activity.company_id
                     and told.activity_id = activity.activity_id
                     and told.due_at = activity.due_at)
         ), mail as (
             insert into reminder_mail (company_id, member_id, day)
             select distinct $1::uuid, member_id, $2::date from due order by member_id
             on conflict do nothing
             returning member_id
         ), told as (
             insert into activity_reminder (company_id, activity_id, due_at, member_id, day)
             select $1, activity_id, due_at, member_id, $2 from due join mail using (member_id)
             on conflict do nothing
         )
         select member_id from mail order by member_id",
    )
    .bind(company_id)
    .bind(day)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// Takes up the mails of a member that were not sent, for nobody else until then; their days.
pub async fn lease(
    tx: &mut TenantTx,
    member_id: MemberId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<NaiveDate>, DbError> {
    Ok(sqlx::query_scalar(
        "update reminder_mail set lease_until = $3
         where member_id = $1 and sent_at is null and (lease_until is null or lease_until <= $2)
         returning day",
    )
    .bind(member_id)
    .bind(now)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// Until when somebody holds what was not sent.
pub async fn leased_until(
    tx: &mut TenantTx,
    member_id: MemberId,
) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(sqlx::query_scalar(
        "select max(lease_until) from reminder_mail where member_id = $1 and sent_at is null",
    )
    .bind(member_id)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn addressee(
    tx: &mut TenantTx,
    member_id: MemberId,
) -> Result<Option<Addressee>, DbError> {
    Ok(sqlx::query_as("select email, role, mails_reminders from member where member_id = $1")
        .bind(member_id)
        .fetch_optional(tx.conn())
        .await?)
}

/// What these mails tell that is still to do and that the key may see, the earliest first.
pub async fn due(
    tx: &mut TenantTx,
    member_id: MemberId,
    days: &[NaiveDate],
) -> Result<Vec<Due>, DbError> {
    Ok(sqlx::query_as(
        "select contact.contact_id, contact.full_name as contact_name, contact.organization_name,
                activity.kind, activity.subject, activity.due_at, activity.has_time
         from activity_reminder told
         join activity using (company_id, activity_id)
         join contact using (company_id, contact_id)
         where told.member_id = $1 and told.day = any($2)
           and not activity.done and activity.due_at = told.due_at and activity.member_id = $1
         order by activity.due_at, activity.activity_id",
    )
    .bind(member_id)
    .bind(days)
    .fetch_all(tx.conn())
    .await?)
}

/// They left, or there was nothing to say.
pub async fn sent(
    tx: &mut TenantTx,
    member_id: MemberId,
    days: &[NaiveDate],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query("update reminder_mail set sent_at = $3 where member_id = $1 and day = any($2)")
        .bind(member_id)
        .bind(days)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// They did not leave, and may be tried again at once.
pub async fn give_back(
    tx: &mut TenantTx,
    member_id: MemberId,
    days: &[NaiveDate],
) -> Result<(), DbError> {
    sqlx::query(
        "update reminder_mail set lease_until = null where member_id = $1 and day = any($2)",
    )
    .bind(member_id)
    .bind(days)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the member wants mail.
pub async fn wanted(tx: &mut TenantTx, member_id: MemberId) -> Result<bool, DbError> {
    let wanted: Option<bool> =
        sqlx::query_scalar("select mails_reminders from member where member_id = $1")
            .bind(member_id)
            .fetch_optional(tx.conn())
            .await?;
    Ok(wanted.unwrap_or(false))
}

pub async fn want(tx: &mut TenantTx, member_id: MemberId, wanted: bool) -> Result<(), DbError> {
    sqlx::query("update member set mails_reminders = $2 where member_id = $1")
        .bind(member_id)
        .bind(wanted)
        .execute(tx.conn())
        .await?;
    Ok(())
}

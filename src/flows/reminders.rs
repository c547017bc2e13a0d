//! Tells members of the next steps that are due: one mail a day, in the morning.
//!
//! No time zone is stored of anybody, so the day is UTC's, and the mail says so. A mail and what stands in
//! it are written with its job, once, however many workers look; it is leased before it leaves, as mail at
//! the door is. What became overdue longer ago than [`BACK`] is on the page and is not mailed.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use crate::{
    db::{self, DbError, Scope, jobs::NewJob},
    domain::{ActivityKind, CompanyId, MemberId},
    flows::{FlowError, Hub, Next, sign_in::Place},
    outside::letters::{self, FollowUp},
    policy::{self, Action},
};

/// The kind of job that sends a mail.
pub const JOB: &str = "mail_reminders";

/// UTC: before the working day of Europe, so that it is read at its beginning.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(6, 0, 0).expect("six is an hour");
const BACK: TimeDelta = TimeDelta::days(7);
/// Longer than a relay may take, so that nobody sends the same mail meanwhile.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// A mail lists so many and counts the others.
const MOST_LISTED: usize = 20;

/// Writes the mails of the day, once the morning has come; how many.
pub async fn plan(hub: &Hub, company_id: CompanyId) -> Result<usize, DbError> {
    let now = hub.clock.now();
    if now.time() < MORNING {
        return Ok(0);
    }
    let today = now.date_naive();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let until = tomorrow.and_time(NaiveTime::MIN).and_utc();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let members = db::reminders::plan(&mut tx, today, now - BACK, until).await?;
    for member_id in &members {
        let job = NewJob {
            lane: "mail",
            cap: 1,
            kind: JOB,
            subject: Some(member_id.uuid()),
            run_at: None,
            dedup: Some(&member_id.to_string()),
            max_attempts: 10,
        };
        db::jobs::enqueue(&mut tx, job).await?;
    }
    tx.commit().await?;
    Ok(members.len())
}

/// Sends what a member was not sent yet. Who wants none by now, or has nothing left to do, gets none.
pub async fn send_mail(
    hub: &Hub,
    company_id: CompanyId,
    member_id: MemberId,
) -> Result<Next, FlowError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let days = db::reminders::lease(&mut tx, member_id, now, now + LEASE).await?;
    let until = db::reminders::leased_until(&mut tx, member_id).await?;
    let addressee = db::reminders::addressee(&mut tx, member_id).await?;
    let company = db::directory::company(&mut tx).await?;
    tx.commit().await?;
    let Some(addressee) = addressee else { return Ok(Next::Done) };
    if days.is_empty() {
        // Somebody is sending it, or died over it.
        return Ok(
            until.map_or(Next::Done, |until| Next::later(Some(until), "somebody is sending it"))
        );
    }
    let sees_all = policy::may(addressee.role, Action::SeeAllContacts);
    let scope = if sees_all { Scope::All } else { Scope::Own(member_id) };
    let mut tx = hub.db.tenant_reading(company_id, scope).await?;
    let due = db::reminders::due(&mut tx, member_id, &days).await?;
    tx.commit().await?;
    if addressee.mails_reminders && !due.is_empty() {
        let listed: Vec<FollowUp> = due.iter().take(MOST_LISTED).map(follow_up).collect();
        let letter = letters::reminders(&hub.public_url(), &company.name, &listed, due.len());
        if let Err(error) = hub.mailer.send(&addressee.email, &letter).await {
            let mut tx = hub.db.tenant(company_id, Scope::All).await?;
            db::reminders::give_back(&mut tx, member_id, &days).await?;
            tx.commit().await?;
            return Err(error.into());
        }
    }
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    db::reminders::sent(&mut tx, member_id, &days, hub.clock.now()).await?;
    tx.commit().await?;
    Ok(Next::Done)
}

/// Whether the member wants mail.
pub async fn want(hub: &Hub, by: Place, wanted: bool) -> Result<(), DbError> {
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    db::reminders::want(&mut tx, by.member_id, wanted).await?;
    tx.commit().await
}

fn follow_up(due: &db::reminders::Due) -> FollowUp {
    let what = match ActivityKind::parse(&due.kind) {
        Some(kind) if due.subject.is_empty() => kind.default_subject(),
        _ => &due.subject,
    };
    let whom = match &due.organization_name {
        Some(organization) => format!("{} ({organization})", due.contact_name),
        None => due.contact_name.clone(),
    };
    FollowUp { what: what.to_owned(), whom, when: when(due.due_at, due.has_time) }
}

fn when(at: DateTime<Utc>, has_time: bool) -> String {
    let format = if has_time { "%-d %B, %H:%M UTC" } else { "%-d %B" };
    at.format(format).to_string()
}

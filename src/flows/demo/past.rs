//! Half a year of work in one of the demo's companies, so that its reports and campaigns say something at
//! first sight. Everything goes the way of a member's own requests, the same each time but for today's
//! date; how warm people were before is known of nobody, here as everywhere.

use async_trait::async_trait;
use chrono::{DateTime, Days, TimeDelta, Utc};

use crate::{
    db::{Scope, TenantTx, campaigns::Fields},
    domain::{ActivityKind, CampaignId, CompanyId, ContactId, MemberId, intake::Address},
    flows::{
        Hub, SealError,
        activities::{self, ActivityError, NewActivity},
        campaigns::{self, CampaignError, Chosen, NewCampaign, Outreach},
        contacts::{self, By, Change, ContactError, Edit},
        idempotency::Witness,
    },
};

/// `(name, organization)`.
const PEOPLE: &[(&str, &str)] = &[
    ("Maren Okafor", "Baltic Bearings"),
    ("Tomasz Wilk", "Wilk Hydraulics"),
    ("Ingrid Solheim", "Fjord Pumps"),
    ("Rafael Duarte", "Duarte Moldes"),
    ("Hanna Lindqvist", "Nordlund Steel"),
    ("Yusuf Demir", "Anadolu Presses"),
    ("Chiara Moretti", "Moretti Gears"),
    ("Pavel Novotny", "Brno Castings"),
    ("Elin Virtanen", "Oulu Robotics"),
    ("Sander de Vries", "Delta Valves"),
    ("Aoife Brennan", "Shannon Tooling"),
    ("Lukas Steiner", "Steiner Achsen"),
    ("Nadia Haddad", "Levant Motors"),
    ("Jonas Berg", "Berg Conveyors"),
    ("Marta Kowalska", "Vistula Welding"),
    ("Bruno Lefort", "Lefort Usinage"),
    ("Katarina Horvat", "Adria Marine"),
    ("Emeka Nwosu", "Lagos Fabrication"),
    ("Sofia Papadakis", "Aegean Cranes"),
    ("Viktor Dahl", "Dahl Sensors"),
    ("Amelie Roux", "Roux Optique"),
    ("Kenji Tanaka", "Tanaka Drives"),
    ("Greta Hofmann", "Hofmann Federn"),
    ("Owen Pritchard", "Severn Metals"),
];

/// `(name, theme, days since it began, whom of [`PEOPLE`] it reaches)`.
const CAMPAIGNS: &[(&str, &str, u64, std::ops::Range<usize>)] = &[
    ("Spring retrofit", "Energy savings", 170, 0..10),
    ("Autumn fair follow-up", "Met at the fair", 75, 6..18),
    ("Service contracts", "Renewals", 28, 14..24),
];

#[derive(Debug, thiserror::Error)]
pub enum PastError {
    #[error(transparent)]
    Contact(#[from] ContactError),
    #[error(transparent)]
    Campaign(#[from] CampaignError),
    #[error(transparent)]
    Activity(#[from] ActivityError),
}

/// Writes it; the members share the work.
pub(super) async fn write(
    hub: &Hub,
    company_id: CompanyId,
    members: &[MemberId],
) -> Result<(), PastError> {
    let by =
        |nth: usize| By { company_id, member_id: members[nth % members.len()], scope: Scope::All };
    let now = hub.clock.now();
    let mut people = Vec::new();
    for (nth, (name, organization)) in PEOPLE.iter().enumerate() {
        people
            .push(contacts::create(hub, by(nth), person(nth, name, organization), &mut ()).await?);
    }
    for (nth, (name, theme, days, whom)) in CAMPAIGNS.iter().enumerate() {
        let starts_on = now.date_naive().checked_sub_days(Days::new(*days));
        let fields = Fields {
            name: (*name).to_owned(),
            theme: Some((*theme).to_owned()),
            sector: Some("Machinery".to_owned()),
            starts_on,
            ..Fields::default()
        };
        let new = NewCampaign { fields, people: Some(members.to_vec()) };
        let mut made = Made(None);
        campaigns::create(hub, by(nth), new, &mut made).await?;
        let Some(id) = made.0 else { continue };
        let reached = people[whom.clone()].to_vec();
        let outreach = Outreach { method: Some(ActivityKind::Call), note: String::new() };
        campaigns::assign(hub, by(nth), id, Chosen::Ids(reached.clone()), &outreach).await?;
        for (at, contact_id) in reached.into_iter().enumerate() {
            for step in 0..steps(nth, at) {
                let new = activity(contact_id, id, now, (*days, at, step));
                activities::create(hub, by(at + step), new, &mut ()).await?;
            }
        }
    }
    // What each of them has to do today, and soon.
    for (nth, _) in members.iter().enumerate() {
        for ahead in [-1, 1, 3] {
            let due_at = now + TimeDelta::days(ahead) - TimeDelta::hours(2);
            let mut new = blank(people[nth * 5 % people.len()], ActivityKind::Call, due_at);
            "Ask how the trial goes".clone_into(&mut new.subject);
            new.done = Some(false);
            activities::create(hub, by(nth), new, &mut ()).await?;
        }
    }
    Ok(())
}

fn person(nth: usize, name: &str, organization: &str) -> Change {
    let domain = organization.to_lowercase().replace(' ', "-");
    let local = name.to_lowercase().replace(' ', ".");
    let value = format!("{local}@{domain}.example");
    Change {
        full_name: Some(name.to_owned()),
        emails: Some(vec![Address { value, label: None, primary: true }]),
        organization_name: Edit::To(organization.to_owned()),
        warmness: i16::try_from(nth * 7 % 11).ok(),
        ..Change::default()
    }
}

/// Not everybody was reached; some answered often.
const fn steps(campaign: usize, contact: usize) -> usize {
    (contact * 5 + campaign * 3) % 6
}

/// The steps with a contact lie between the campaign's beginning and today.
fn activity(
    contact_id: ContactId,
    campaign_id: CampaignId,
    now: DateTime<Utc>,
    (days, at, step): (u64, usize, usize),
) -> NewActivity {
    const KINDS: [ActivityKind; 5] = [
        ActivityKind::Email,
        ActivityKind::Call,
        ActivityKind::LinkedIn,
        ActivityKind::Meeting,
        ActivityKind::Meeting,
    ];
    let kind = match (step, at % 4) {
        (0, 1) => ActivityKind::Call,
        (1, 2) => ActivityKind::Conference,
        (2, 3) => ActivityKind::Referral,
        _ => KINDS[step % KINDS.len()],
    };
    let days = usize::try_from(days).unwrap_or_default();
    let ago = days.saturating_sub(1 + (at * 11 + step * days / 6) % days);
    let due_at =
        now - TimeDelta::days(i64::try_from(ago).unwrap_or_default()) - TimeDelta::hours(3);
    let mut new = blank(contact_id, kind, due_at);
    new.campaign_id = Some(campaign_id);
    if kind == ActivityKind::Meeting {
        // Most who are asked agree.
        new.booked = Some((at + step) % 2 == 1);
    }
    new
}

fn blank(contact_id: ContactId, kind: ActivityKind, due_at: DateTime<Utc>) -> NewActivity {
    NewActivity {
        contact_id,
        kind,
        subject: String::new(),
        note: String::new(),
        due_at: Some(due_at),
        has_time: true,
        duration_minutes: None,
        done: None,
        booked: None,
        campaign_id: None,
    }
}

/// The id of what was made.
struct Made(Option<CampaignId>);

#[async_trait]
impl Witness<CampaignId> for Made {
    async fn see(&mut self, _: &mut TenantTx, id: &CampaignId) -> Result<(), SealError> {
        self.0 = Some(*id);
        Ok(())
    }
}

//! Who may, and what a plan allows: the one place that decides.
//!
//! The tables are `policies/roles.toml` and `policies/plans.toml`; the enums here name their rows,
//! and a table that disagrees with its enum does not start (and fails `tests/it/policy.rs`).

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::TimeDelta;
use serde::Deserialize;

use crate::domain::words;

pub use crate::domain::UnknownWord;

words! {
    /// What a member is in a company.
    Role {
        Owner = "owner",
        Admin = "admin",
        GoldenTicket = "golden_ticket",
        Consultant = "consultant",
    }
}

words! {
    /// What a member may be allowed to do.
    Action {
        ChangePlan = "change_plan",
        DeleteCompany = "delete_company",
        ManageConnections = "manage_connections",
        ManageTeam = "manage_team",
        ReadAudit = "read_audit",
        ManageCampaigns = "manage_campaigns",
        ImportContacts = "import_contacts",
        WorkContacts = "work_contacts",
        /// Deals, and what people are at a CRM.
        ChangeCrm = "change_crm",
        LogActivities = "log_activities",
        ReviewDuplicates = "review_duplicates",
        SeeAllContacts = "see_all_contacts",
    }
}

words! {
    /// What a company pays for, in the order of upgrades.
    Plan {
        Free = "free",
        Starter = "starter",
        Growth = "growth",
        Business = "business",
        Teams = "teams",
        Enterprise = "enterprise",
    }
}

/// What a plan counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Contacts,
    Seats,
}

/// The feature that lets a company sync on a schedule and both ways.
pub const SCHEDULED_SYNC: &str = "scheduled_sync";

/// One plan as the table has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRow {
    pub id: String,
    pub name: String,
    pub price_words: String,
    pub seats: Option<u64>,
    pub contacts: Option<u64>,
    /// Of the API, for the whole company.
    pub requests_per_minute: u32,
    pub features: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plans {
    grace_days: u32,
    plan: Vec<PlanRow>,
    feature: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    rank: BTreeMap<String, u8>,
    may: BTreeMap<String, Vec<String>>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    toml::from_str(include_str!("../policies/plans.toml")).expect("plans.toml is checked by a test")
});

static ROLES: LazyLock<Roles> = LazyLock::new(|| {
    toml::from_str(include_str!("../policies/roles.toml")).expect("roles.toml is checked by a test")
});

/// Whether a member with this role may do it.
pub fn may(role: Role, action: Action) -> bool {
    ROLES.may.get(role.word()).is_some_and(|all| all.iter().any(|word| word == action.word()))
}

/// Whether a member may give, take or change a role: never one above the own.
pub fn can_grant(role: Role, other: Role) -> bool {
    may(role, Action::ManageTeam) && rank(other) <= rank(role)
}

/// Whether `role` is no more than `own`: what a member may hand on to a key.
pub fn is_within(role: Role, own: Role) -> bool {
    rank(role) <= rank(own)
}

fn rank(role: Role) -> u8 {
    // A role without a rank would be above all others, so that nobody can grant it.
    ROLES.rank.get(role.word()).copied().unwrap_or(u8::MAX)
}

/// Whether a plan holds a feature; features are words of `plans.toml`.
pub fn allows(plan: Plan, feature: &str) -> bool {
    row(plan).is_some_and(|row| row.features.iter().any(|word| word == feature))
}

/// How many of a thing a plan holds; `None` is no limit.
pub fn limit(plan: Plan, thing: Thing) -> Option<u64> {
    match (row(plan), thing) {
        (Some(row), Thing::Contacts) => row.contacts,
        (Some(row), Thing::Seats) => row.seats,
        (None, _) => Some(0),
    }
}

/// Requests of the API in a minute: of the company, and of each member.
pub fn requests_per_minute(plan: Plan) -> (u32, u32) {
    // A plan without a row allows one: less than anybody can work with, and more than none.
    let company = row(plan).map_or(1, |row| row.requests_per_minute);
    let alone = limit(plan, Thing::Seats) == Some(1);
    (company, if alone { company } else { (company / 2).max(1) })
}

/// The smallest plan above this one that holds the feature.
pub fn upgrade_to(plan: Plan, feature: &str) -> Option<Plan> {
    Plan::ALL.iter().copied().find(|&other| other > plan && allows(other, feature))
}

/// The smallest plan above this one that holds more of a thing.
pub fn upgrade_for_more(plan: Plan, thing: Thing) -> Option<Plan> {
    let now = limit(plan, thing)?;
    Plan::ALL
        .iter()
        .copied()
        .find(|&other| other > plan && limit(other, thing).is_none_or(|more| more > now))
}

/// The plans as data, in the order of upgrades, for the billing page.
pub fn plans() -> &'static [PlanRow] {
    &PLANS.plan
}

/// How long a plan is kept while its payment is overdue.
pub fn grace() -> TimeDelta {
    TimeDelta::days(PLANS.grace_days.into())
}

/// Every feature with its words.
pub fn features() -> impl Iterator<Item = (&'static str, &'static str)> {
    PLANS.feature.iter().map(|(word, text)| (word.as_str(), text.as_str()))
}

fn row(plan: Plan) -> Option<&'static PlanRow> {
    PLANS.plan.iter().find(|row| row.id == plan.word())
}

/// Where the tables and the enums disagree, as sentences; empty when they agree.
pub fn disagreements() -> Vec<String> {
    let mut found = Vec::new();
    let plans: Vec<&str> = PLANS.plan.iter().map(|row| row.id.as_str()).collect();
    let known: Vec<&str> = Plan::ALL.iter().map(|plan| plan.word()).collect();
    if plans != known {
        found.push(format!("plans.toml lists {plans:?}, the code {known:?}"));
    }
    for row in &PLANS.plan {
        for feature in row.features.iter().filter(|word| !PLANS.feature.contains_key(*word)) {
            found.push(format!("plan {} holds the unknown feature {feature}", row.id));
        }
    }
    for table in [ROLES.rank.keys().collect::<Vec<_>>(), ROLES.may.keys().collect()] {
        for word in table.iter().filter(|word| Role::parse(word).is_none()) {
            found.push(format!("roles.toml knows the unknown role {word}"));
        }
        for role in Role::ALL.iter().filter(|role| !table.iter().any(|word| *word == role.word())) {
            found.push(format!("roles.toml does not know {role}"));
        }
    }
    let granted: Vec<&String> = ROLES.may.values().flatten().collect();
    for word in granted.iter().filter(|word| Action::parse(word).is_none()) {
        found.push(format!("roles.toml grants the unknown action {word}"));
    }
    for action in Action::ALL.iter().filter(|a| !granted.iter().any(|word| *word == a.word())) {
        found.push(format!("roles.toml grants {action} to nobody"));
    }
    found
}

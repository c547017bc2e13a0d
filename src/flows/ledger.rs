//! Writes down what was used of a CRM's budget, and for what: Postgres remembers, Redis forgets.
//!
//! An entry is written when something is done, not for each request. It never fails what it is
//! about.

use chrono::NaiveDate;

use crate::{
    connectors::{BudgetView, Spent},
    db::{DbError, Scope, budget_use, connections},
    domain::{CompanyId, ConnectionId, RunId},
    flows::SharedHub,
};

/// What the CRM was asked for, beside imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Looking at its people and users.
    Browse,
    /// Asking whose account it is, and that it tells of changes.
    Connect,
    /// Deliveries, and what they look up.
    Delivery,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Connect => "connect",
            Self::Delivery => "delivery",
        }
    }
}

pub fn today(hub: &SharedHub) -> NaiveDate {
    hub.clock.now().date_naive()
}

/// Writes down what was spent, beside the budget as it is now.
pub async fn book(
    hub: &SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
    purpose: Purpose,
    spent: Spent,
    view: &BudgetView,
) {
    if spent == Spent::default() {
        return;
    }
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let new = budget_use::Use {
        day: today(hub),
        purpose: purpose.word().to_owned(),
        requests: signed(spent.requests),
        tokens: signed(spent.tokens),
        throttled: signed(spent.throttled),
    };
    let booked = async {
        let mut tx = hub.db.tenant(company_id, Scope::All).await?;
        budget_use::add(&mut tx, connection_id, &new).await?;
        if let Ok(view) = serde_json::to_value(view) {
            connections::remember_budget(&mut tx, connection_id, &view).await?;
        }
        tx.commit().await
    };
    tell(booked.await);
}

/// Writes down what a run spent since it was last written down.
pub async fn book_run(hub: &SharedHub, company_id: CompanyId, run_id: RunId, throttled: i64) {
    let booked = async {
        let mut tx = hub.db.tenant(company_id, Scope::All).await?;
        budget_use::add_run(&mut tx, run_id, today(hub), throttled).await?;
        tx.commit().await
    };
    tell(booked.await);
}

fn tell(booked: Result<(), DbError>) {
    if let Err(error) = booked {
        tracing::warn!(%error, "an entry of the budget's ledger was not written");
    }
}

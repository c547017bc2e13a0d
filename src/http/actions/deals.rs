//! What callers write into deals, checked field by field.

use chrono::{Datelike, NaiveDate};
use poem_openapi::Object;
use uuid::Uuid;

use super::form::{remote_id, whole, year};
use crate::{
    domain::{
        action::{Action, Deal, DealStatus},
        currency,
    },
    flows::deliver::ask::Wanted,
    http::{ApiError, FieldProblem, field},
};

const LONGEST_TITLE: usize = 255;
/// Of names and ids of pipelines and stages.
const LONGEST_NAME: usize = 200;
/// More whole digits than that lose their cents on the way: CRMs keep money as floating point.
const MOST_DIGITS: usize = 12;

#[derive(Object)]
#[oai(rename = "NewCrmDeal")]
pub(super) struct NewDeal {
    /// A contact that has a person at the CRM.
    pub(super) contact_id: Uuid,
    /// At most 255 characters.
    title: String,
    /// A decimal number of at most twelve digits and two decimals, such as `1200.50`.
    amount: Option<String>,
    /// ISO 4217, such as `EUR`; the account's own when left out.
    currency: Option<String>,
    /// Name or id of one of the account's pipelines.
    pipeline: Option<String>,
    /// Name or id of one of the account's stages.
    stage: Option<String>,
    status: Option<DealStatus>,
    /// From 1970 to 2099.
    closes_on: Option<NaiveDate>,
}

/// A change of a deal. What is left out stays.
#[derive(Object)]
#[oai(rename = "CrmDealPatch")]
pub(super) struct DealPatch {
    /// The contact whose deal it is.
    pub(super) contact_id: Uuid,
    /// Its id at the CRM.
    deal_id: String,
    /// At most 255 characters.
    title: Option<String>,
    /// A decimal number of at most twelve digits and two decimals, such as `1200.50`.
    amount: Option<String>,
    /// ISO 4217, such as `EUR`; the account's own when left out.
    currency: Option<String>,
    /// Name or id of one of the account's pipelines.
    pipeline: Option<String>,
    /// Name or id of one of the account's stages.
    stage: Option<String>,
    status: Option<DealStatus>,
    /// From 1970 to 2099.
    closes_on: Option<NaiveDate>,
}

/// What both have in common.
struct Rest {
    amount: Option<String>,
    currency: Option<String>,
    pipeline: Option<String>,
    stage: Option<String>,
    status: Option<DealStatus>,
    closes_on: Option<NaiveDate>,
}

impl NewDeal {
    pub(super) fn read(self) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let title = Some(field::text("title", &self.title, LONGEST_TITLE, &mut wrong));
        let rest = Rest {
            amount: self.amount,
            currency: self.currency,
            pipeline: self.pipeline,
            stage: self.stage,
            status: self.status,
            closes_on: self.closes_on,
        };
        let deal = Deal { title, ..rest.read(&mut wrong) };
        whole(wrong, Action::CreateDeal { deal })
    }
}

impl DealPatch {
    pub(super) fn read(self) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let id = remote_id("deal_id", &self.deal_id, &mut wrong);
        let title = self.title.map(|title| field::text("title", &title, LONGEST_TITLE, &mut wrong));
        let rest = Rest {
            amount: self.amount,
            currency: self.currency,
            pipeline: self.pipeline,
            stage: self.stage,
            status: self.status,
            closes_on: self.closes_on,
        };
        let deal = Deal { title, ..rest.read(&mut wrong) };
        if deal == Deal::default() {
            wrong.push(FieldProblem::new("title", "Say what changes."));
        }
        whole(wrong, Action::UpdateDeal { id, deal })
    }
}

impl Rest {
    fn read(self, wrong: &mut Vec<FieldProblem>) -> Deal {
        Deal {
            title: None,
            amount: self.amount.map(|text| amount(&text, wrong)),
            currency: self.currency.map(|text| {
                currency(&text).unwrap_or_else(|| {
                    let words = "Use the code of a currency, such as EUR (ISO 4217).";
                    wrong.push(FieldProblem::new("currency", words));
                    text
                })
            }),
            pipeline: self.pipeline.map(|text| field::text("pipeline", &text, LONGEST_NAME, wrong)),
            stage: self.stage.map(|text| field::text("stage", &text, LONGEST_NAME, wrong)),
            status: self.status,
            closes_on: self.closes_on.inspect(|day| year("closes_on", day.year(), wrong)),
        }
    }
}

/// Digits, and cents behind a point.
fn amount(text: &str, wrong: &mut Vec<FieldProblem>) -> String {
    let text = text.trim();
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(cents) || cents.len() > 2 || whole.len() > MOST_DIGITS {
        let words =
            "Use a decimal number of at most twelve digits and two decimals, such as 1200.50.";
        wrong.push(FieldProblem::new("amount", words));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_digits_with_cents_at_most() {
        for (text, fine) in [
            ("0", true),
            ("1200.5", true),
            (" 999999999999.99 ", true),
            ("1000000000000", false),
            ("1.234", false),
            ("1,50", false),
            ("-1", false),
            ("1e3", false),
            ("", false),
            (".", false),
            ("1.", false),
            ("NaN", false),
            ("١٢", false),
        ] {
            let mut wrong = Vec::new();
            amount(text, &mut wrong);
            assert_eq!(wrong.is_empty(), fine, "{text}");
        }
    }
}

//! Deals that members ask for: what is sent, and whether what is there is it.
//!
//! - Stages have no ids, so their words are. What is won or lost is a stage of that sort.
//! - A new deal must say when it closes.
//! - Only an org with several currencies has a place for one.
//! - The contact can be named while a deal is made; it becomes its first role.

use reqwest::Method;
use serde_json::{Map, Number, Value, json};

use super::{
    body::{id, objection},
    change, look,
    text::one_line,
};
use crate::{
    connectors::{
        Api, CrmError, Stale,
        api::Names,
        salesforce::{
            OPPORTUNITY, by_id, decode, fields, map, path,
            soql::{batches, quoted},
            wire,
        },
    },
    domain::{
        RemoteDeal, RemoteId,
        action::{DealStage, DealStatus},
        effect::{DealToMake, Sent},
    },
};

static NAMES: Names = &[
    ("Name", "title", None),
    ("Amount", "amount", None),
    ("CurrencyIsoCode", "currency", None),
    ("StageName", "stage", None),
    ("CloseDate", "closes_on", None),
    ("ContactId", "person", Some(Stale::Person)),
    ("AccountId", "organization", Some(Stale::Organization)),
    ("OwnerId", "owner", Some(Stale::Owner)),
    ("owner", "owner", Some(Stale::Owner)),
];

fn unsent(field: &str, words: &str) -> CrmError {
    CrmError::unsent("the deal does not fit", objection(field, words))
}

async fn known(api: &Api) -> Result<Vec<wire::Stage>, CrmError> {
    let text = "SELECT ApiName, MasterLabel, IsActive, IsClosed, IsWon FROM OpportunityStage \
                ORDER BY SortOrder LIMIT 500";
    let stages = fields::query(api, false, text, decode::list::<wire::Stage>).await?;
    Ok(stages.into_iter().filter(|stage| stage.active.0 != Some(false)).collect())
}

pub(super) async fn stages(api: &Api) -> Result<Vec<DealStage>, CrmError> {
    let stages = known(api).await?.into_iter().filter_map(|stage| {
        let id = stage.name.0?;
        let name = stage.label.0.unwrap_or_else(|| id.clone());
        Some(DealStage { id: RemoteId(id), name, pipeline: None, pipeline_name: None })
    });
    Ok(stages.collect())
}

/// The first stage of a sort, in the org's own order.
fn of_status(stages: &[wire::Stage], status: DealStatus) -> Result<String, CrmError> {
    let fits = |stage: &&wire::Stage| match status {
        DealStatus::Won => stage.won.0 == Some(true),
        DealStatus::Lost => stage.closed.0 == Some(true) && stage.won.0 != Some(true),
        DealStatus::Open => stage.closed.0 != Some(true),
    };
    let found = stages.iter().find(fits).and_then(|stage| stage.name.0.clone());
    found.ok_or_else(|| unsent("status", "The org has no stage for this."))
}

/// What is given, and nothing else.
fn body(make: &DealToMake, stage: Option<&str>) -> Result<Map<String, Value>, CrmError> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    if let Some(title) = &make.title {
        put("Name", json!(one_line(title)));
    }
    if let Some(amount) = &make.amount {
        // Twelve digits and two decimals survive being a double.
        let number = amount.parse().ok().and_then(Number::from_f64);
        put("Amount", json!(number.ok_or_else(|| unsent("amount", "Use a decimal number."))?));
    }
    if let Some(currency) = &make.currency {
        put("CurrencyIsoCode", json!(currency));
    }
    if let Some(stage) = stage {
        put("StageName", json!(stage));
    }
    if let Some(day) = make.closes_on {
        put("CloseDate", json!(day.format("%Y-%m-%d").to_string()));
    }
    if let Some(person) = &make.person {
        put("ContactId", json!(id(person, "003", "person", Stale::Person)?));
    }
    if let Some(organization) = &make.organization {
        put("AccountId", json!(id(organization, "001", "organization", Stale::Organization)?));
    }
    if let Some(owner) = &make.owner {
        put("OwnerId", json!(id(owner, "005", "owner", Stale::Owner)?));
    }
    Ok(body)
}

/// The stage that is named or follows from the status; of a new deal the first open one.
async fn stage(api: &Api, make: &DealToMake, is_new: bool) -> Result<Option<String>, CrmError> {
    if let Some(stage) = &make.stage {
        return Ok(Some(stage.0.clone()));
    }
    match make.status.or(is_new.then_some(DealStatus::Open)) {
        Some(status) => of_status(&known(api).await?, status).map(Some),
        None => Ok(None),
    }
}

async fn has_currencies(api: &Api) -> Result<bool, CrmError> {
    let described = fields::describe(api, "Opportunity").await?;
    let mut names = described.fields.0.into_iter().filter_map(|row| row.0?.name.0);
    Ok(names.any(|name| name == "CurrencyIsoCode"))
}

async fn whole(api: &Api, make: &DealToMake, is_new: bool) -> Result<Map<String, Value>, CrmError> {
    // What can never be sent is said without asking.
    body(make, None)?;
    if make.pipeline.is_some() {
        return Err(unsent("pipeline", "Salesforce has no pipelines: name a stage."));
    }
    if make.currency.is_some() && !has_currencies(api).await? {
        return Err(unsent("currency", "The org has one currency: leave it out."));
    }
    body(make, stage(api, make, is_new).await?.as_deref())
}

pub(super) async fn create(api: &Api, make: &DealToMake) -> Result<Sent, CrmError> {
    if make.title.as_deref().map(one_line).is_none_or(|title| title.is_empty()) {
        return Err(unsent("title", "A deal needs a title."));
    }
    if make.closes_on.is_none() {
        return Err(unsent("closes_on", "Salesforce wants to know when a deal is to close."));
    }
    let body = Value::Object(whole(api, make, true).await?);
    let path = path("sobjects/Opportunity");
    let change = change(Method::POST, &path, Some(body), NAMES);
    Ok(Sent { id: api.write(&change, decode::made).await?, person: None })
}

pub(super) async fn update(api: &Api, id: &RemoteId, make: &DealToMake) -> Result<Sent, CrmError> {
    let mut body = whole(api, make, false).await?;
    // Said of a new one only.
    for key in ["ContactId", "AccountId", "OwnerId"] {
        body.remove(key);
    }
    get(api, id).await?.ok_or(CrmError::Missing)?;
    if !body.is_empty() {
        let path = path(&format!("sobjects/Opportunity/{id}"));
        let change = change(Method::PATCH, &path, Some(Value::Object(body)), NAMES);
        api.write(&change, decode::nothing).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

/// `None` for what was deleted, too. With its currency where there are several.
pub(super) async fn get(api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
    let batches = batches(std::slice::from_ref(id), 1);
    if batches.is_empty() {
        return Ok(None);
    }
    let priced = has_currencies(api).await?;
    let fields =
        if priced { format!("CurrencyIsoCode, {OPPORTUNITY}") } else { OPPORTUNITY.to_owned() };
    let found = by_id(api, &fields, "Opportunity", &batches, map::deal).await?.items;
    Ok(found.into_iter().find(|deal| !deal.deleted))
}

/// Made since, by all that was sent and is kept as it was.
pub(super) async fn made(
    api: &Api,
    make: &DealToMake,
    since: &str,
) -> Result<Vec<RemoteId>, CrmError> {
    let title = quoted(&one_line(make.title.as_deref().unwrap_or_default()));
    let text = format!(
        "SELECT {OPPORTUNITY} FROM Opportunity WHERE CreatedDate >= {since} AND Name = {title} \
         ORDER BY Id LIMIT {}",
        look::MOST
    );
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let amount: Option<f64> = make.amount.as_deref().and_then(|amount| amount.parse().ok());
    let near = |its: Option<f64>| match (amount, its) {
        (None, _) => true,
        (Some(ours), Some(its)) => (ours - its).abs() < 0.005,
        (Some(_), None) => false,
    };
    let young = look::young(api, &text, map::deal).await?;
    let found = young.into_iter().filter(|deal| {
        near(deal.value)
            && same(&make.organization, &deal.organization)
            && same(&make.owner, &deal.owner)
            && same(&make.person, &deal.person)
            && make.stage.as_ref().is_none_or(|stage| deal.stage.as_ref() == Some(stage))
    });
    Ok(found.map(|deal| deal.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::lenient::Row;

    fn stages() -> Vec<wire::Stage> {
        let stage = |name: &str, closed: bool, won: bool| {
            let text = json!({"ApiName": name, "IsClosed": closed, "IsWon": won}).to_string();
            serde_json::from_str::<Row<wire::Stage>>(&text).unwrap().0.unwrap()
        };
        vec![stage("Neu", false, false), stage("Weg", true, false), stage("Da", true, true)]
    }

    #[test]
    fn won_lost_and_open_are_the_orgs_first_stages_of_that_sort() {
        let of = |status| of_status(&stages(), status).unwrap();
        assert_eq!(
            [DealStatus::Open, DealStatus::Won, DealStatus::Lost].map(of),
            ["Neu", "Da", "Weg"]
        );
        assert!(matches!(
            of_status(&[], DealStatus::Won),
            Err(CrmError::Refused { status: 0, .. })
        ));
    }

    #[test]
    fn what_is_given_is_sent_and_nothing_else() {
        assert_eq!(Value::Object(body(&DealToMake::default(), None).unwrap()), json!({}));
        let make = DealToMake {
            title: Some(" Big \n deal ".into()),
            amount: Some("1200.50".into()),
            closes_on: Some("2028-02-29".parse().unwrap()),
            person: Some(RemoteId("003Hn00000000AbIAC".into())),
            ..<_>::default()
        };
        let expected = json!({
            "Name": "Big deal", "Amount": 1200.5, "CloseDate": "2028-02-29", "StageName": "Neu",
            "ContactId": "003Hn00000000AbIAC",
        });
        assert_eq!(Value::Object(body(&make, Some("Neu")).unwrap()), expected);
        let odd = DealToMake { amount: Some("NaN".into()), ..<_>::default() };
        assert!(body(&odd, None).is_err());
        let odd = DealToMake { person: Some(RemoteId("7".into())), ..<_>::default() };
        assert_eq!(body(&odd, None).unwrap_err().stale(), Some(Stale::Person));
    }
}

//! What is there before we write. Queries find at once what searches find after minutes; what they bring
//! is compared again here, because "equal" is said to mean "holds" for some texts over there.

use super::text;
use crate::{
    connectors::{
        Api, CrmError,
        zoho::{
            MANIFEST, coql,
            cursor::Known,
            decode,
            read::{ORGANIZATIONS, PERSONS, ask, of_persons},
            wire,
        },
    },
    domain::{RemoteId, RemoteOrganization, RemotePerson},
};

fn ids(rows: Vec<wire::Found>) -> Vec<RemoteId> {
    rows.into_iter().filter_map(|row| row.id.0).collect()
}

pub(super) async fn persons(api: &Api, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
    let wanted = email.trim().to_lowercase();
    let fields = ["Email", "Secondary_Email"].map(|field| coql::holds(field, &wanted));
    let [Some(first), Some(second)] = fields else { return Ok(Vec::new()) };
    let criteria = coql::either(&first, &second);
    let (rows, _) = PERSONS.find(api, &criteria, "id asc", coql::ROWS).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let known = of_persons(api).await?;
    let mut found = PERSONS.by_ids(api, &known, &ids(rows)).await?.items;
    found.retain(|person| {
        let mut own = person.emails.iter().map(|own| own.value.trim().to_lowercase());
        own.any(|own| own == wanted)
    });
    Ok(found)
}

/// Ids are given out in order, and the query goes by them.
pub(super) async fn organizations(
    api: &Api,
    name: &str,
) -> Result<Vec<RemoteOrganization>, CrmError> {
    let Some(criteria) = coql::holds("Account_Name", &text::one_line(name)) else {
        return Ok(Vec::new());
    };
    let (rows, _) = ORGANIZATIONS.find(api, &criteria, "id asc", coql::ROWS).await?;
    let mut found = ORGANIZATIONS.by_ids(api, &Known::default(), &ids(rows)).await?.items;
    found.retain(|organization| is_named(organization, name));
    Ok(found)
}

pub(super) fn is_named(organization: &RemoteOrganization, name: &str) -> bool {
    let own = organization.name.as_deref().unwrap_or_default();
    text::one_line(own).to_lowercase() == text::one_line(name).to_lowercase()
}

/// The account's own word for an industry; asked only when there is one to put there.
pub(super) async fn industry(api: &Api, name: Option<&str>) -> Result<Option<String>, CrmError> {
    let Some(wanted) = name.map(|name| text::one_line(name).to_lowercase()) else {
        return Ok(None);
    };
    let query = [("module", "Accounts")];
    let scope = "ZohoCRM.settings.fields.READ";
    let ask = ask("/crm/v8/settings/fields", &query, MANIFEST.costs.fields, scope);
    let (fields, _) = api.read(&ask, decode::list::<wire::Field>).await?;
    let industry = |field: &wire::Field| field.api_name.0.as_deref() == Some("Industry");
    let options =
        fields.into_iter().find(industry).map(|field| field.options.0).unwrap_or_default();
    let named = options.into_iter().filter_map(|option| option.0).find(|option| {
        let names = [&option.actual.0, &option.display.0];
        names.into_iter().flatten().any(|own| text::one_line(own).to_lowercase() == wanted)
    });
    Ok(named.and_then(|option| option.actual.0))
}

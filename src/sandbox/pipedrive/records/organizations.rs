//! Organizations as the API shows them.

use serde_json::{Value, json};

use super::super::{clock::rfc3339, json::Object};
use super::{
    names,
    persons::Extra,
    population::{Population, purpose},
};

#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) owner_id: Option<u64>,
    pub(crate) add_time: u64,
    pub(crate) update_time: u64,
    pub(crate) address: Option<Value>,
    pub(crate) is_deleted: bool,
    pub(crate) visible_to: u64,
    pub(crate) label_ids: Vec<u64>,
    pub(crate) website: Option<String>,
    pub(crate) linkedin: Option<String>,
    pub(crate) industry: Option<u64>,
    pub(crate) annual_revenue: Option<u64>,
    pub(crate) employee_count: Option<u64>,
    pub(crate) custom: Vec<(String, Value)>,
}

impl Organization {
    pub(crate) fn write(&self, out: &mut Vec<u8>, extras: &[Extra]) {
        let mut object = Object::open(out, false);
        object.field("id", &self.id);
        object.maybe("name", self.name.as_ref());
        object.maybe("owner_id", self.owner_id.as_ref());
        object.field("add_time", &rfc3339(self.add_time));
        object.field("update_time", &rfc3339(self.update_time));
        object.maybe("address", self.address.as_ref());
        object.field("is_deleted", &self.is_deleted);
        object.field("visible_to", &self.visible_to);
        object.field("label_ids", &self.label_ids);
        object.maybe("website", self.website.as_ref());
        object.maybe("linkedin", self.linkedin.as_ref());
        object.maybe("industry", self.industry.as_ref());
        object.maybe("annual_revenue", self.annual_revenue.as_ref());
        object.maybe("employee_count", self.employee_count.as_ref());
        object.map("custom_fields", &self.custom);
        for (key, value) in extras {
            object.field(key, value);
        }
        object.close();
    }
}

/// An address with only its text known; the other parts are null, as for text not geocoded.
pub(crate) fn plain_address(value: &str) -> Value {
    json!({
        "value": value, "country": null, "admin_area_level_1": null, "admin_area_level_2": null,
        "locality": null, "sublocality": null, "route": null, "street_number": null,
        "subpremise": null, "postal_code": null,
    })
}

impl Population {
    pub(crate) fn organization(&self, index: u64) -> Organization {
        let id = self.organizations.ids.id(index);
        let mut dice = self.dice(purpose::ORGANIZATION, index);
        let ((first, _), (last, _)) = (*dice.pick(names::ORG_FIRST), *dice.pick(names::ORG_LAST));
        // Names repeat in real life: only three of four carry a number.
        let name = if dice.permille(750) {
            format!("{first} {last} {index}")
        } else {
            format!("{first} {last}")
        };
        let address = match dice.below(10) {
            0..3 => None,
            3 => Some(plain_address("somewhere in Europe")),
            _ => {
                let (city, code) = dice.pick(names::CITIES);
                let number = 1 + dice.below(120);
                let country = self.company.country.name();
                Some(json!({
                    "value": format!("Hauptstraße {number}, {code} {city}, {country}"),
                    "country": country, "admin_area_level_1": null, "admin_area_level_2": null,
                    "locality": city, "sublocality": null, "route": "Hauptstraße",
                    "street_number": number.to_string(), "subpremise": null, "postal_code": code,
                }))
            }
        };
        let [tier, account] = &self.keys.organization;
        let mut custom = vec![];
        if dice.permille(500) {
            custom.push((tier.clone(), json!(201 + dice.below(3))));
        }
        if dice.permille(200) {
            custom.push((account.clone(), json!(format!("K-{id:06}"))));
        }
        Organization {
            id,
            name: Some(name),
            owner_id: self.owner(purpose::ORGANIZATION, index),
            add_time: self.organizations.add_time(index),
            update_time: self.organizations.update_time(index),
            address,
            is_deleted: false,
            visible_to: 3,
            label_ids: if dice.permille(200) { vec![5] } else { vec![] },
            website: dice.permille(600).then(|| {
                let host = self.organization_host(index);
                if dice.permille(100) { host } else { format!("https://www.{host}/") }
            }),
            linkedin: None,
            industry: dice.permille(300).then(|| 301 + dice.below(3)),
            annual_revenue: dice.permille(100).then(|| 100_000 * dice.below(500)),
            employee_count: dice.permille(200).then(|| 1 + dice.below(5_000)),
            custom,
        }
    }

    /// The mail and web domain of an organization, unique to it.
    pub(crate) fn organization_host(&self, index: u64) -> String {
        let mut dice = self.dice(purpose::ORGANIZATION, index);
        let ((_, first), (_, last)) = (*dice.pick(names::ORG_FIRST), *dice.pick(names::ORG_LAST));
        format!("{first}-{last}-{index}.example")
    }
}

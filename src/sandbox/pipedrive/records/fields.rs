//! Field definitions: the built-in ones, the company's own, and their options.

use serde_json::{Value, json};

use super::population::Population;

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) kind: &'static str,
    pub(crate) custom: bool,
    /// Sent only when asked for (`include_fields`).
    pub(crate) optional: bool,
    pub(crate) options: Option<Vec<Choice>>,
}

/// One option of a field that chooses from a list.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) id: u64,
    pub(crate) label: String,
    pub(crate) color: Option<&'static str>,
}

/// The kinds of objects that have fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Person,
    Organization,
    Deal,
}

impl Field {
    pub(crate) fn json(&self) -> Value {
        let options = self.options.as_ref().map(|options| {
            options
                .iter()
                .map(|choice| {
                    json!({
                        "id": choice.id, "label": choice.label, "color": choice.color,
                        "add_time": null, "update_time": null,
                    })
                })
                .collect::<Vec<_>>()
        });
        let subfields = (self.kind == "monetary").then(|| {
            json!([
                { "field_code": format!("{}_currency", self.code), "field_name": "Currency",
                  "field_type": "varchar" },
            ])
        });
        json!({
            "field_name": self.name,
            "field_code": self.code,
            "field_type": self.kind,
            "is_custom_field": self.custom,
            "is_optional_response_field": self.optional,
            "options": options,
            "subfields": subfields,
            "description": null,
            "ui_visibility": { "add_visible_flag": true, "details_visible_flag": true },
        })
    }

    /// Whether a value may be stored in this field; `null` empties any.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        if value.is_null() {
            return true;
        }
        let known = |id: &Value| {
            self.options
                .as_ref()
                .is_some_and(|all| all.iter().any(|choice| Some(choice.id) == id.as_u64()))
        };
        match (self.kind, value) {
            ("enum", value) => known(value),
            ("set", Value::Array(ids)) => !ids.is_empty() && ids.iter().all(known),
            ("monetary", value) => value["value"].is_number() && value["currency"].is_string(),
            ("date", Value::String(text)) => super::super::clock::is_date(text),
            ("varchar", Value::String(text)) => text.chars().count() <= 255,
            ("text", value) => value.is_string(),
            ("int" | "double", value) => value.is_number(),
            _ => false,
        }
    }
}

fn built_in(name: &str, code: &str, kind: &'static str) -> Field {
    Field {
        name: name.into(),
        code: code.into(),
        kind,
        custom: false,
        optional: false,
        options: None,
    }
}

fn count(name: &str, code: &str) -> Field {
    Field { optional: true, ..built_in(name, code, "int") }
}

fn own(name: &str, code: &str, kind: &'static str, options: &[(u64, &str)]) -> Field {
    let options = options
        .iter()
        .map(|&(id, label)| Choice { id, label: label.into(), color: None })
        .collect::<Vec<_>>();
    Field {
        custom: true,
        options: (!options.is_empty()).then_some(options),
        ..built_in(name, code, kind)
    }
}

/// The default labels of a new account, with their colours.
fn labels(options: &[(u64, &str, &'static str)]) -> Field {
    let options = options
        .iter()
        .map(|&(id, label, color)| Choice { id, label: label.into(), color: Some(color) })
        .collect();
    Field { options: Some(options), ..built_in("Labels", "label_ids", "set") }
}

impl Population {
    pub(crate) fn fields(&self, of: Of) -> Vec<Field> {
        match of {
            Of::Person => self.person_fields_defined(),
            Of::Organization => self.organization_fields_defined(),
            Of::Deal => self.deal_fields_defined(),
        }
    }

    fn person_fields_defined(&self) -> Vec<Field> {
        let [segment, interests, notes, since, budget, website] = &self.keys.person;
        vec![
            built_in("ID", "id", "int"),
            built_in("Name", "name", "varchar"),
            built_in("First name", "first_name", "varchar"),
            built_in("Last name", "last_name", "varchar"),
            labels(&[
                (1, "Customer", "green"),
                (2, "Hot lead", "red"),
                (3, "Warm lead", "yellow"),
                (4, "Cold lead", "blue"),
            ]),
            built_in("Owner", "owner_id", "user"),
            built_in("Organization", "org_id", "org"),
            built_in("Email", "emails", "varchar"),
            built_in("Phone", "phones", "phone"),
            built_in("Person created", "add_time", "date"),
            built_in("Update time", "update_time", "date"),
            built_in("Visible to", "visible_to", "visible_to"),
            count("Open deals", "open_deals_count"),
            count("Closed deals", "closed_deals_count"),
            own("Segment", segment, "enum", &[(101, "A"), (102, "B"), (103, "C")]),
            own("Interests", interests, "set", &[(111, "Price"), (112, "Service"), (113, "Größe")]),
            own("Remarks", notes, "text", &[]),
            own("Customer since", since, "date", &[]),
            own("Budget", budget, "monetary", &[]),
            own("Website", website, "varchar", &[]),
        ]
    }

    fn organization_fields_defined(&self) -> Vec<Field> {
        let [tier, account] = &self.keys.organization;
        let industry = Field {
            custom: false,
            ..own(
                "Industry",
                "industry",
                "enum",
                &[(301, "Manufacturing"), (302, "Software"), (303, "Retail")],
            )
        };
        vec![
            built_in("ID", "id", "int"),
            built_in("Name", "name", "varchar"),
            labels(&[(5, "Key account", "purple")]),
            built_in("Owner", "owner_id", "user"),
            built_in("Address", "address", "address"),
            built_in("Website", "website", "varchar"),
            industry,
            count("People", "people_count"),
            count("Open deals", "open_deals_count"),
            own("Tier", tier, "enum", &[(201, "Gold"), (202, "Silver"), (203, "Bronze")]),
            own("Account number", account, "varchar", &[]),
        ]
    }

    fn deal_fields_defined(&self) -> Vec<Field> {
        let [source, contract] = &self.keys.deal;
        vec![
            built_in("ID", "id", "int"),
            built_in("Title", "title", "varchar"),
            labels(&[(6, "Hot", "red")]),
            built_in("Owner", "owner_id", "user"),
            built_in("Value", "value", "monetary"),
            built_in("Person", "person_id", "people"),
            built_in("Organization", "org_id", "org"),
            built_in("Stage", "stage_id", "stage"),
            built_in("Status", "status", "status"),
            own("Source", source, "enum", &[(401, "Fair"), (402, "Website")]),
            own("Contract number", contract, "varchar", &[]),
        ]
    }
}

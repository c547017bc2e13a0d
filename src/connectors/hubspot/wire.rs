//! HubSpot's JSON, spelled as they spell it.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::connectors::lenient::{Count, Custom, Flag, Id, List, Number, Row, Text, Time, record};

/// A list, of a search or a batch too. `results` must be there: an empty `{}` is no empty list.
#[derive(Deserialize)]
pub(super) struct Listed<'a> {
    #[serde(borrow)]
    pub(super) results: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) paging: Row<Paging>,
    #[serde(default)]
    pub(super) errors: List<Row<Failed>>,
}

record!(Paging { "next" => next: Row<Next>, });
record!(Next { "after" => after: Text, });

record!(
    /// What of a batch was not done.
    Failed {
        "category" => category: Text,
        "subCategory" => sub_category: Text,
        "message" => message: Text,
    }
);

record!(Record {
    "id" => id: Id,
    "properties" => properties: Custom,
    "createdAt" => created_at: Time,
    "updatedAt" => updated_at: Time,
    "archived" => archived: Flag,
    "associations" => associations: Row<Associations>,
});

record!(Associations {
    "companies" => companies: Row<Linked>,
    "contacts" => contacts: Row<Linked>,
});
record!(Linked { "results" => results: List<Row<Link>>, });
record!(Link {
    "id" => id: Id,
    "type" => kind: Text,
});

record!(
    /// One record's associations of a batch of them.
    Ties {
        "from" => from: Row<OnlyId>,
        "to" => to: List<Row<Tie>>,
    }
);
record!(OnlyId { "id" => id: Id, });
record!(Tie {
    "toObjectId" => id: Id,
    "associationTypes" => types: List<Row<TieType>>,
});
record!(TieType { "typeId" => type_id: Id, });

record!(Property {
    "name" => name: Text,
    "label" => label: Text,
    "type" => kind: Text,
    "fieldType" => field_type: Text,
    "options" => options: List<Row<Choice>>,
    "hubspotDefined" => built_in: Flag,
    "archived" => archived: Flag,
});
record!(Choice {
    "value" => value: Text,
    "label" => label: Text,
    "hidden" => hidden: Flag,
});

record!(Owner {
    "id" => id: Id,
    "email" => email: Text,
    "firstName" => first_name: Text,
    "lastName" => last_name: Text,
    "archived" => archived: Flag,
});

record!(Details {
    "portalId" => portal_id: Id,
    "uiDomain" => ui_domain: Text,
});

impl Record {
    /// A property that says something.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.properties.0.get(name)?.as_str()?;
        (!text.trim().is_empty()).then_some(text)
    }

    pub(super) fn is(&self, name: &str) -> bool {
        match self.properties.0.get(name) {
            Some(Value::String(text)) => text == "true",
            Some(Value::Bool(flag)) => *flag,
            _ => false,
        }
    }

    /// The company or contact it is tied to: the primary one, otherwise the first.
    pub(super) fn tied(
        &self,
        to: impl Fn(&Associations) -> &Row<Linked>,
    ) -> Option<crate::domain::RemoteId> {
        let links = to(self.associations.0.as_ref()?).0.as_ref()?;
        let links = || links.results.0.iter().filter_map(|row| row.0.as_ref());
        // Where kinds have a primary tie, the others say that they have no label.
        let primary = links()
            .find(|link| link.kind.0.as_deref().is_some_and(|kind| !kind.ends_with("_unlabeled")));
        primary.or_else(|| links().next())?.id.0.clone()
    }
}

impl Property {
    pub(super) fn is_own(&self) -> bool {
        self.built_in.0 != Some(true) && self.archived.0 != Some(true)
    }

    pub(super) fn choices(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options.0.iter().filter_map(|row| {
            let choice = row.0.as_ref()?;
            let value = choice.value.0.as_deref()?;
            Some((value, choice.label.0.as_deref().unwrap_or(value)))
        })
    }
}

record!(Pipeline {
    "id" => id: Text,
    "label" => label: Text,
    "stages" => stages: List<Row<Stage>>,
});
record!(Stage {
    "id" => id: Text,
    "label" => label: Text,
    "displayOrder" => order: Count,
    "archived" => archived: Flag,
    "metadata" => metadata: Row<Meaning>,
});
record!(
    /// What a stage means; written as text.
    Meaning {
        "isClosed" => is_closed: Flag,
        "probability" => probability: Number,
    }
);

record!(
    /// An event, as far as it is looked at.
    Event {
        "portalId" => portal: Id,
        "subscriptionType" => kind: Text,
        "subscriptionId" => subscription: Text,
        "objectTypeId" => object_type: Text,
        "objectId" => object: Id,
        "propertyName" => property: Text,
        "occurredAt" => occurred_at: Text,
        "primaryObjectId" => primary: Id,
        "newObjectId" => new_object: Id,
        "mergedObjectIds" => merged: List<Id>,
        "associationType" => association: Text,
        "fromObjectId" => from: Id,
        "toObjectId" => to: Id,
    }
);

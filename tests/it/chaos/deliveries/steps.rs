//! The steps of a lead and of an activity, each with the request that it is.

use serde_json::Value;

use super::{
    acts::{delete, edit, log, raise, raise_known, settle},
    requests::Spoken,
};
use crate::flows::stage::Stage;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Organization,
    Label,
    Reference,
    Person,
    Labels,
    Create,
    Update,
    Delete,
}

impl Step {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Label => "label",
            Self::Reference => "reference",
            Self::Person => "person",
            Self::Labels => "adding labels",
            Self::Create => "activity create",
            Self::Update => "activity update",
            Self::Delete => "activity delete",
        }
    }

    /// Aims a fault of a CRM's stand-in at this step's request.
    pub(super) fn aim(self, slug: &str, fault: Value) -> Value {
        let effect = match self {
            Self::Organization => "create_organization",
            Self::Label => "create_label",
            Self::Reference => "create_reference",
            Self::Person => "create_person",
            Self::Labels => "add_labels",
            Self::Create => "create_activity",
            Self::Update => "update_activity",
            Self::Delete => "delete_activity",
        };
        Spoken::at(slug).aim(effect, fault)
    }

    /// What has to be there before the step can be met alone. A label and a field are made once
    /// for an account: they are met in one that has neither.
    pub(super) async fn prepare(self, stage: &Stage) {
        if !matches!(self, Self::Label | Self::Reference) {
            raise(&stage.acme.owner.browser, "first").await;
            settle(stage).await;
        }
    }

    /// What the step is about: a contact, and an activity of it.
    pub(super) async fn arrange(self, stage: &Stage, tag: &str) -> Arranged {
        let who = &stage.acme.owner.browser;
        let mut arranged = Arranged { tag: tag.to_owned(), ..Arranged::default() };
        if matches!(self, Self::Create | Self::Update | Self::Delete) {
            arranged.contact = raise(who, tag).await;
            settle(stage).await;
        }
        if matches!(self, Self::Update | Self::Delete) {
            arranged.activity = log(who, &arranged.contact, &format!("First {tag}")).await;
            settle(stage).await;
        }
        arranged
    }

    /// What a member does so that the step comes up, and something that waits behind it.
    pub(super) async fn set_off(self, stage: &Stage, arranged: Arranged) {
        let Arranged { tag, mut contact, activity } = arranged;
        let who = &stage.acme.owner.browser;
        match self {
            Self::Organization | Self::Label | Self::Reference | Self::Person => {
                contact = raise(who, &tag).await;
            }
            Self::Labels => contact = raise_known(stage, who, &tag).await,
            Self::Create => drop(log(who, &contact, &format!("First {tag}")).await),
            Self::Update => edit(who, &activity, &format!("Edited {tag}")).await,
            Self::Delete => delete(who, &activity).await,
        }
        log(who, &contact, &format!("Behind {tag}")).await;
    }
}

/// What is there before a step comes up.
#[derive(Debug, Default)]
pub(super) struct Arranged {
    tag: String,
    contact: String,
    activity: String,
}

//! A warm lead on its way: whose it is, its organization, its label, and the person.

use chrono::TimeDelta;

use crate::{
    connectors::CrmError,
    domain::{
        Cause, DeliveryKind, DeliveryState, PersonKind, RemoteId, RemoteOrganization, RemotePerson,
        RemoteValue,
        action::Action,
        effect::{Effect, Marker, OrganizationToMake, PersonToMake},
    },
    flows::{
        deliver::{
            ground::{
                About, Change, Contact, Desk, Learned, Link, Organization, Outcome, Remote, Store,
                Whose,
            },
            left::{change_to, closed},
            machine::{Deliverer, Flow, Stop},
        },
        tokens::ground::Machine,
    },
};

/// The label that a warm lead gets; in whatever case the account spells it.
pub(super) const LABEL: &str = "Warm Lead";
const SEVERAL: &str = "Several people at the CRM have this address: choose one.";
/// A person's choice: none of those found.
pub(super) const NEW: &str = "new";
/// An account that refused a field for our marker is asked again after that.
const A_DAY: TimeDelta = TimeDelta::days(1);

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    pub(super) async fn lead(&self, desk: &mut Desk) -> Flow<()> {
        let Some(contact) = desk.contact.clone() else { return Err(Stop::Again) };
        let found = self.gather(desk, &contact).await?;
        self.machine.reached("deliver.gathered").await;
        let chosen = desk.delivery.chosen.clone();
        match (desk.person.clone(), chosen.as_deref()) {
            (Some(id), _) => self.label(desk, id, None).await,
            (None, Some(NEW)) => self.make(desk, &contact, found.organizations).await,
            (None, Some(id)) => self.adopt(desk, RemoteId(id.to_owned()), None).await,
            (None, None) => match found.people.as_slice() {
                // Whoever is to be a contact and is a lead already would be there twice.
                [] if !found.leads.is_empty()
                    && lead_or_contact(&self.remote, desk) == Some(PersonKind::Contact) =>
                {
                    let words = "Somebody with this address is a lead there. Choose the lead, or \
                                 none of them for a new contact beside it.";
                    self.ask(desk, &found.leads, words).await
                }
                [] if found.leads.len() > 1 => self.ask(desk, &found.leads, SEVERAL).await,
                [] if !found.leads.is_empty() => {
                    let lead = found.leads[0].clone();
                    self.adopt(desk, lead.id.clone(), Some(lead)).await
                }
                [] => self.make(desk, &contact, found.organizations).await,
                [person] => self.adopt(desk, person.id.clone(), Some(person.clone())).await,
                several => self.ask(desk, several, SEVERAL).await,
            },
        }
    }

    /// Whether label and reference are known, or known to be out of reach.
    pub(super) fn knows_words(&self, desk: &Desk) -> bool {
        let Some(fields) = &desk.account.fields else { return false };
        fields.label(LABEL).is_some()
            && (self.remote.reference_name().is_none_or(|name| fields.custom_key(name).is_some())
                || self.was_refused(desk))
    }

    fn was_refused(&self, desk: &Desk) -> bool {
        let now = self.machine.wall();
        desk.account.reference_refused_at.is_some_and(|at| now - at < A_DAY)
    }

    /// A person that exists becomes the contact's: the label is added, nothing else is touched.
    async fn adopt(&self, desk: &mut Desk, id: RemoteId, known: Option<RemotePerson>) -> Flow<()> {
        let whose = Whose::Contact(desk.delivery.contact_id);
        if !self.store.taken(whose, std::slice::from_ref(&id)).await?.is_empty() {
            let words = "The person at the CRM with this address is linked to another contact.";
            let one = known.unwrap_or(RemotePerson { id, ..RemotePerson::default() });
            return self.ask(desk, &[one], words).await;
        }
        self.label(desk, id, known).await
    }

    async fn ask(&self, desk: &Desk, people: &[RemotePerson], words: &str) -> Flow<()> {
        let candidates =
            people.iter().map(|person| self.candidate(&person.id, person.name.clone())).collect();
        let change = Change { candidates, ..change_to(desk, DeliveryState::Failed) };
        self.settle(desk, change.why(Cause::Ambiguous, words)).await
    }

    async fn label(&self, desk: &mut Desk, id: RemoteId, known: Option<RemotePerson>) -> Flow<()> {
        // Labels are for contacts.
        let is_lead = self.remote.person_kind(&id) == PersonKind::Lead;
        if is_lead && desk.delivery.kind == DeliveryKind::WarmLead {
            desk.noted.push("label_missing");
        }
        let label = if is_lead { None } else { self.label_id(desk).await? };
        let labels = known.map(|person| person.labels).unwrap_or_default();
        let Some(label) = label.filter(|label| !labels.contains(label)) else {
            let mut change =
                Change { remote_id: Some(id.clone()), ..change_to(desk, DeliveryState::Delivered) };
            change.remarks.extend(desk.noted.iter().copied());
            return self.write(desk, None, change, vec![Link::Person { id, made: None }]).await;
        };
        let effect = Effect::AddLabels { person: id.clone(), labels: vec![label] };
        let about = About::default();
        let (n, answer) = self.attempt(desk, &effect, about).await?;
        match answer {
            Ok(sent) => self.done(desk, n, &effect, about, sent).await,
            Err(CrmError::Missing) if desk.delivery.chosen.is_none() => {
                // Deleted over there: not mapped any more, and judged anew.
                let attempts = desk.delivery.attempts + 1;
                let change = Change { attempts, ..change_to(desk, DeliveryState::Queued) };
                let close = closed(&desk.delivery, n, Outcome::Refused, None);
                self.write(desk, Some(close), change, vec![Link::PersonGone { id }]).await
            }
            Err(error) => self.doubted(desk, n, &effect, &error).await,
        }
    }

    async fn make(
        &self,
        desk: &mut Desk,
        contact: &Contact,
        found: Vec<RemoteOrganization>,
    ) -> Flow<()> {
        let owner = self.owner(desk).await?;
        let is_new = found.is_empty();
        let stage = desk.action.as_ref().and_then(Action::lifecycle_stage);
        let is_lead = lead_or_contact(&self.remote, desk) == Some(PersonKind::Lead);
        let organization = if is_lead {
            None
        } else {
            self.organization(desk, contact, found, owner.as_ref()).await?
        };
        let made =
            organization.clone().filter(|_| is_new && wanted_organization(desk, contact).is_some());
        let label = self.label_id(desk).await?;
        let marker = self.marker(desk).await?;
        let effect = Effect::CreatePerson(PersonToMake {
            name: contact.full_name.clone(),
            first_name: contact.first_name.clone(),
            last_name: contact.last_name.clone(),
            emails: contact
                .emails
                .iter()
                .map(|one| value(&one.value, one.label.as_ref(), one.primary))
                .collect(),
            phones: contact
                .phones
                .iter()
                .map(|one| value(&one.value, one.label.as_ref(), one.primary))
                .collect(),
            organization,
            owner,
            labels: label.into_iter().collect(),
            marker,
            stage,
            company: contact.organization.as_ref().filter(|_| is_lead).map(|of| of.name.clone()),
        });
        let about = About::default();
        let (n, answer) = self.attempt(desk, &effect, about).await?;
        match answer {
            Ok(sent) => {
                self.done(desk, n, &effect, about, sent).await?;
                // So that the next import finds nothing new in it; without, it finds what it knows.
                if let Some(id) = made
                    && let Ok(Some(made)) = self.remote.organization(&id).await
                {
                    self.store.learn(&Learned::Made(Box::new(made))).await?;
                }
                Ok(())
            }
            Err(error) => self.doubted(desk, n, &effect, &error).await,
        }
    }

    async fn organization(
        &self,
        desk: &mut Desk,
        contact: &Contact,
        found: Vec<RemoteOrganization>,
        owner: Option<&RemoteId>,
    ) -> Flow<Option<RemoteId>> {
        let Some(organization) = &contact.organization else { return Ok(None) };
        if let Some(id) = &organization.remote {
            return Ok(Some(id.clone()));
        }
        let about = About { organization: Some(organization.id), activity: None };
        if let Some(oldest) = found.into_iter().next() {
            let id = oldest.id;
            let change =
                Change { organization: Some(id.clone()), ..change_to(desk, DeliveryState::Queued) };
            let link = Link::Organization { id: id.clone(), of: organization.id };
            self.write(desk, None, change, vec![link]).await?;
            desk.delivery.state = DeliveryState::Queued;
            return Ok(Some(id));
        }
        let effect = Effect::CreateOrganization(OrganizationToMake {
            name: organization.name.clone(),
            industry: None,
            country: organization.country.clone(),
            website: organization.website.clone(),
            owner: owner.cloned(),
        });
        let (n, answer) = self.attempt(desk, &effect, about).await?;
        match answer {
            Ok(sent) => {
                let id = sent.id.clone();
                self.done(desk, n, &effect, about, sent).await?;
                Ok(Some(id))
            }
            Err(error) => self.doubted(desk, n, &effect, &error).await,
        }
    }

    /// The label's id; without it where the account does not let us make one.
    async fn label_id(&self, desk: &mut Desk) -> Flow<Option<RemoteId>> {
        if desk.delivery.kind != DeliveryKind::WarmLead {
            // Whoever asks for a person asks for no label.
            return Ok(None);
        }
        if let Some(id) = desk.account.fields.as_ref().and_then(|fields| fields.label(LABEL)) {
            return Ok(Some(id));
        }
        if !desk.delivery.remarks.iter().any(|remark| remark == "label_missing") {
            let effect = Effect::CreateLabel { name: LABEL.to_owned() };
            if let Some(id) = self.prepare(desk, &effect, Vec::new()).await? {
                return Ok(Some(id));
            }
        }
        desk.noted.push("label_missing");
        Ok(None)
    }

    /// Our mark for the record, where the account has a place for it.
    async fn marker(&self, desk: &mut Desk) -> Flow<Option<Marker>> {
        let Some(name) = self.remote.reference_name() else { return Ok(None) };
        let known = desk.account.fields.as_ref().and_then(|fields| fields.custom_key(name));
        let field = match known {
            Some(field) => field.to_owned(),
            None if self.was_refused(desk) => return Ok(None),
            None => {
                let effect = Effect::CreateReference { name: name.to_owned() };
                match self.prepare(desk, &effect, vec![Link::ReferenceRefused]).await? {
                    Some(key) => key.0,
                    None => return Ok(None),
                }
            }
        };
        Ok(Some(Marker { field, value: desk.delivery.marker.to_string() }))
    }

    /// Makes something for the account, once; `None` where it does not let us.
    async fn prepare(
        &self,
        desk: &mut Desk,
        effect: &Effect,
        refused: Vec<Link>,
    ) -> Flow<Option<RemoteId>> {
        let (n, answer) = self.attempt(desk, effect, About::default()).await?;
        match answer {
            Ok(sent) => {
                let id = sent.id.clone();
                self.done(desk, n, effect, About::default(), sent).await?;
                Ok(Some(id))
            }
            Err(CrmError::Refused { .. } | CrmError::MissingScope { .. } | CrmError::Missing) => {
                let close = closed(&desk.delivery, n, Outcome::Refused, None);
                let change = change_to(desk, DeliveryState::Queued);
                self.write(desk, Some(close), change, refused).await?;
                desk.delivery.state = DeliveryState::Queued;
                Ok(None)
            }
            Err(error) => self.lost(desk, n, &error).await,
        }
    }
}

/// What whoever is asked for is to become; `None` when nobody has named a stage.
pub(super) fn lead_or_contact(remote: &impl Remote, desk: &Desk) -> Option<PersonKind> {
    let stage = desk.action.as_ref().and_then(Action::lifecycle_stage)?;
    Some(remote.becomes(stage))
}

/// The contact's organization, if it has to be found or made over there.
pub(super) fn wanted_organization<'a>(
    desk: &Desk,
    contact: &'a Contact,
) -> Option<&'a Organization> {
    let wanted = contact.organization.as_ref().filter(|of| of.remote.is_none());
    wanted.filter(|_| desk.person.is_none())
}

fn value(value: &str, label: Option<&String>, primary: bool) -> RemoteValue {
    RemoteValue { value: value.to_owned(), label: label.cloned(), primary }
}

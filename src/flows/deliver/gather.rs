//! What a lead looks for at the CRM before anything of it is written.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::{join_all, join3};

use crate::{
    connectors::{CrmError, Throttle},
    domain::{Email, Fields, PersonKind, RemoteOrganization, RemotePerson},
    flows::{
        deliver::{
            ground::{Contact, Desk, Learned, Remote, Store},
            lead::{lead_or_contact, wanted_organization},
            machine::{Deliverer, Flow},
        },
        tokens::ground::Machine,
    },
};

/// Addresses of a contact that are looked for.
const ADDRESSES: usize = 5;
/// How often the rest is asked for while the answers that are there are kept: a job that waits here
/// keeps its place in the lane.
const AGAIN: u32 = 2;
/// Longer waits belong to the queue. A window is two seconds.
const SHORT: Duration = Duration::from_secs(3);

/// What was found before anything was written.
pub(super) struct Gathered {
    pub(super) people: Vec<RemotePerson>,
    /// Looked for only where a stage was named.
    pub(super) leads: Vec<RemotePerson>,
    pub(super) organizations: Vec<RemoteOrganization>,
}

/// What has been answered so far.
struct Answers {
    /// By address.
    people: Vec<Option<Vec<RemotePerson>>>,
    organizations: Option<Vec<RemoteOrganization>>,
    words: Option<Words>,
}

/// The words of the account.
enum Words {
    Known,
    Read(Fields),
}

impl Answers {
    fn missing(&self) -> usize {
        let people = self.people.iter().filter(|known| known.is_none()).count();
        people + usize::from(self.organizations.is_none()) + usize::from(self.words.is_none())
    }
}

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    /// What can be read at once, is: people with an address, organizations with the name, the words
    /// of the account.
    pub(super) async fn gather(&self, desk: &mut Desk, contact: &Contact) -> Flow<Gathered> {
        let asked = self.machine.wall();
        let is_known = desk.person.is_some() || desk.delivery.chosen.is_some();
        let emails = if is_known { Vec::new() } else { addresses(contact) };
        let becomes = lead_or_contact(&self.remote, desk);
        let wanted = wanted_organization(desk, contact).map(|of| of.name.clone());
        let wanted = wanted.filter(|_| becomes != Some(PersonKind::Lead));
        let mut answers = Answers {
            people: emails.iter().map(|_| None).collect(),
            organizations: wanted.is_none().then(Vec::new),
            words: self.knows_words(desk).then_some(Words::Known),
        };
        let wanted = wanted.unwrap_or_default();
        let ended = self.ask_all(&mut answers, &emails, &wanted).await;
        // Kept, whatever became of the rest.
        if let Some(Words::Read(fields)) = answers.words {
            let known = desk.account.fields.take();
            self.store.learn(&Learned::Fields { read: fields.clone(), known }).await?;
            desk.account.fields = Some(fields);
            desk.account.fields_at = Some(asked);
        }
        ended?;
        let mut by_id = BTreeMap::new();
        for person in answers.people.into_iter().flatten().flatten() {
            // Their "exact" is not ours: looked at again.
            if !person.deleted && emails.iter().any(|email| has(&person, email)) {
                by_id.insert(person.id.clone(), person);
            }
        }
        let organizations = oldest_of(answers.organizations.unwrap_or_default(), &wanted);
        let mut leads: Vec<RemotePerson> = Vec::new();
        for email in emails.iter().filter(|_| becomes.is_some()) {
            let found = self.remote.leads_with_email(email.as_str()).await?;
            let known = |one: &RemotePerson| leads.iter().any(|lead| lead.id == one.id);
            let new: Vec<_> = found.into_iter().filter(|one| !known(one)).collect();
            leads.extend(new.into_iter().filter(|one| !one.deleted && has(one, email)));
        }
        Ok(Gathered { people: by_id.into_values().collect(), leads, organizations })
    }

    /// Asks for what is missing. When the CRM's window has no place for some of it, what was
    /// answered is kept for a moment and only the rest asked again: put back, this delivery would ask
    /// for all of it, and use up the places that it waits for.
    async fn ask_all(
        &self,
        answers: &mut Answers,
        emails: &[Email],
        organization: &str,
    ) -> Result<(), CrmError> {
        let all = answers.missing();
        let mut again = 0;
        loop {
            let people = answers.people.iter_mut().zip(emails).map(|(answer, email)| {
                fill(answer, self.remote.persons_with_email(email.as_str()))
            });
            let organizations =
                fill(&mut answers.organizations, self.remote.organizations_named(organization));
            let words = async { self.remote.fields().await.map(Words::Read) };
            let words = fill(&mut answers.words, words);
            let (people, organizations, words) =
                join3(join_all(people), organizations, words).await;
            let ended = people.into_iter().chain([organizations, words]);
            let Some(error) = gravest(ended.filter_map(Result::err)) else { return Ok(()) };
            let wait = short_wait(&error).filter(|_| again < AGAIN && answers.missing() < all);
            let Some(wait) = wait else { return Err(error) };
            again += 1;
            self.machine.sleep(wait).await;
        }
    }
}

/// Asks, unless it has been answered before.
async fn fill<T>(
    answer: &mut Option<T>,
    ask: impl Future<Output = Result<T, CrmError>>,
) -> Result<(), CrmError> {
    if answer.is_none() {
        *answer = Some(ask.await?);
    }
    Ok(())
}

/// The first that is more than a wait, or else the longest wait.
fn gravest(errors: impl Iterator<Item = CrmError>) -> Option<CrmError> {
    let weight = |error: &CrmError| short_wait(error).unwrap_or(Duration::MAX);
    errors.reduce(|worst, error| if weight(&error) > weight(&worst) { error } else { worst })
}

fn short_wait(error: &CrmError) -> Option<Duration> {
    match error {
        CrmError::Throttled { scope: Throttle::Burst, wait } => {
            Some(*wait).filter(|wait| *wait <= SHORT)
        }
        _ => None,
    }
}

fn addresses(contact: &Contact) -> Vec<Email> {
    let parsed = contact.emails.iter().filter_map(|address| Email::parse(&address.value));
    let mut found: Vec<Email> = Vec::new();
    for email in parsed {
        if found.len() < ADDRESSES && found.iter().all(|known| known.as_str() != email.as_str()) {
            found.push(email);
        }
    }
    found
}

fn has(person: &RemotePerson, email: &Email) -> bool {
    person
        .emails
        .iter()
        .filter_map(|entry| Email::parse(&entry.value))
        .any(|known| known.as_str() == email.as_str())
}

/// Living ones with exactly this name; the connector has put the oldest first.
fn oldest_of(found: Vec<RemoteOrganization>, name: &str) -> Vec<RemoteOrganization> {
    let same = |other: &RemoteOrganization| {
        let other = other.name.as_deref().unwrap_or_default();
        other.trim().to_lowercase() == name.trim().to_lowercase()
    };
    found.into_iter().filter(|one| !one.deleted && same(one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttled(scope: Throttle, seconds: u64) -> CrmError {
        CrmError::Throttled { scope, wait: Duration::from_secs(seconds) }
    }

    #[test]
    fn only_a_short_wait_for_a_window_is_sat_out_and_only_when_nothing_worse_was_said() {
        let burst = |seconds| throttled(Throttle::Burst, seconds);
        let wait = |errors: Vec<CrmError>| gravest(errors.into_iter()).and_then(|e| short_wait(&e));
        assert_eq!(wait(vec![burst(1), burst(2)]), Some(Duration::from_secs(2)));
        let down = CrmError::Down { what: "", status: Some(503), wait: None };
        for worse in [down, burst(4), throttled(Throttle::Daily, 1)] {
            assert_eq!(wait(vec![burst(1), worse, burst(2)]), None);
        }
    }
}

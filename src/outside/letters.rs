//! What Tandem writes to people: plain text, short, one thing to do each.
//!
//! Links carry their token behind `#`: what stands there never reaches a server's log, a proxy or
//! a `Referer`, and a scanner that opens the link spends nothing.

use chrono::{DateTime, Utc};
use url::Url;

/// Subject and text; the address is given when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

/// To somebody who signed up with an address that is new here.
pub fn confirm(public_url: &Url, token: &str) -> Letter {
    letter(
        "Confirm your e-mail address",
        &format!(
            "Welcome to Tandem.\n\n\
             Confirm your e-mail address to open your company's account:\n\n{}\n\n\
             The link works once, for 24 hours. If you did not sign up, ignore this mail: \
             nothing has been created.",
            link(public_url, "confirm", token),
        ),
    )
}

/// To somebody who signed up with an address that has an account; the page told them nothing.
pub fn account_exists(public_url: &Url) -> Letter {
    letter(
        "You already have an account",
        &format!(
            "Somebody, probably you, signed up at Tandem with this address, which already has an \
             account.\n\n\
             Sign in:\n\n{}\n\n\
             If you forgot your password:\n\n{}\n\n\
             If it was not you, ignore this mail: nothing has changed.",
            page(public_url, "login"),
            page(public_url, "reset"),
        ),
    )
}

/// To somebody who forgot their password.
pub fn reset(public_url: &Url, token: &str) -> Letter {
    letter(
        "Choose a new password",
        &format!(
            "Choose a new password for Tandem:\n\n{}\n\n\
             The link works once, for one hour. Setting a password signs you out everywhere. \
             If you did not ask for it, ignore this mail: your password stays as it is.",
            link(public_url, "reset", token),
        ),
    )
}

/// To somebody whom a company asks in.
pub fn invitation(
    public_url: &Url,
    company_name: &str,
    inviter: &str,
    until: DateTime<Utc>,
    token: &str,
) -> Letter {
    letter(
        &format!("Join {company_name} on Tandem"),
        &format!(
            "{inviter} invites you to work with {company_name} on Tandem.\n\n\
             See what it is and accept:\n\n{}\n\n\
             The link works once, until {}. If you do not know them, ignore this mail: nothing \
             happens unless you accept.",
            link(public_url, "join", token),
            until.format("%-d %B %Y, %H:%M UTC"),
        ),
    )
}

/// A next step of the member's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    pub what: String,
    pub whom: String,
    pub when: String,
}

/// To a member with next steps that are due; `all` is their number, of which some are listed.
pub fn reminders(public_url: &Url, company_name: &str, listed: &[FollowUp], all: usize) -> Letter {
    // A line each, whatever somebody wrote into a name.
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = listed
        .iter()
        .map(|one| format!("- {} with {}, {}", flat(&one.what), flat(&one.whom), one.when))
        .collect();
    if all > listed.len() {
        lines.push(format!("- and {} more", all - listed.len()));
    }
    let count =
        if all == 1 { "One next step is".to_owned() } else { format!("{all} next steps are") };
    letter(
        &format!("{count} due today"),
        &format!(
            "{count} due at {company_name} (days and times are UTC):\n\n{}\n\n\
             See what is next, mark it done or put it off:\n\n{}\n\n\
             Each is told once. You want no such mail? Turn it off in the settings:\n\n{}",
            lines.join("\n"),
            page(public_url, "next"),
            page(public_url, "settings"),
        ),
    )
}

/// To whoever connected a CRM that no longer lets us in.
pub fn needs_reconnect(public_url: &Url, provider_name: &str, company_name: &str) -> Letter {
    letter(
        &format!("{provider_name} needs to be connected again"),
        &format!(
            "{provider_name} no longer accepts Tandem's access for {company_name}. Syncing is \
             paused; contacts and links are kept.\n\n\
             Connect it again:\n\n{}",
            page(public_url, "integrations"),
        ),
    )
}

/// To whoever looks after a CRM from which the app was uninstalled.
pub fn uninstalled(public_url: &Url, provider_name: &str, company_name: &str) -> Letter {
    letter(
        &format!("Tandem was uninstalled in {provider_name}"),
        &format!(
            "Somebody uninstalled Tandem in {provider_name}, so {company_name} is no longer \
             connected. Its access was destroyed here; contacts, links and history are kept.\n\n\
             If that was a mistake, connect it again:\n\n{}",
            page(public_url, "integrations"),
        ),
    )
}

fn letter(subject: &str, text: &str) -> Letter {
    Letter { subject: subject.to_owned(), text: format!("{text}\n\n-- \nTandem\n") }
}

fn page(public_url: &Url, path: &str) -> Url {
    let mut url = public_url.clone();
    url.set_path(path);
    url
}

fn link(public_url: &Url, path: &str, token: &str) -> Url {
    let mut url = page(public_url, path);
    url.set_fragment(Some(&format!("token={token}")));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_travel_behind_the_hash_where_no_server_sees_them() {
        let here: Url = "https://tandem.example.com".parse().unwrap();
        for (letter, path) in [
            (confirm(&here, "t0k3n"), "confirm"),
            (reset(&here, "t0k3n"), "reset"),
            (invitation(&here, "Acme", "Anna", DateTime::UNIX_EPOCH, "t0k3n"), "join"),
        ] {
            let expected = format!("https://tandem.example.com/{path}#token=t0k3n");
            assert!(letter.text.lines().any(|line| line == expected), "{}", letter.text);
            assert!(!letter.subject.contains("t0k3n"));
        }
    }
}

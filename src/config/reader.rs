//! Values out of variables, and what is wrong with them.

use std::{collections::BTreeMap, net::SocketAddr, ops::RangeInclusive, time::Duration};

use secrecy::SecretString;
use url::{Host, Url};

use super::{Variables, biller};

/// Of how a CRM is asked, for load tests.
pub(super) const CRM_LIMIT_FACTOR: &str = "TANDEM_CRM_LIMIT_FACTOR";

fn is_override(name: &str) -> bool {
    name.starts_with("TANDEM_CRM_") && (name.ends_with("_OAUTH_URL") || name.ends_with("_API_URL"))
}

/// Reads values and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) variables: &'a Variables,
    pub(super) problems: Vec<String>,
}

impl Reader<'_> {
    /// Empty means unset, as deployment tools like to leave it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    pub(super) fn yes(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            Some("true" | "1") => true,
            None | Some("false" | "0") => false,
            Some(_) => {
                self.problems.push(format!("{name} must be `true` or `false`."));
                false
            }
        }
    }

    pub(super) fn seconds(
        &mut self,
        name: &str,
        allowed: RangeInclusive<u64>,
        unset: u64,
    ) -> Duration {
        Duration::from_secs(self.number(name, "seconds", &allowed).unwrap_or(unset))
    }

    pub(super) fn minutes(
        &mut self,
        name: &str,
        allowed: RangeInclusive<u64>,
        unset: u64,
    ) -> Duration {
        Duration::from_mins(self.number(name, "minutes", &allowed).unwrap_or(unset))
    }

    /// `None` when it is not set, or is a problem.
    fn number(&mut self, name: &str, of: &str, allowed: &RangeInclusive<u64>) -> Option<u64> {
        let read = self.text(name)?.parse().ok().filter(|number| allowed.contains(number));
        if read.is_none() {
            let (least, most) = (allowed.start(), allowed.end());
            self.problems.push(format!("{name} must be a number of {of}, {least} to {most}."));
        }
        read
    }

    /// A number from 1 to 1,000.
    pub(super) fn factor(&mut self, name: &str) -> u32 {
        let Some(text) = self.text(name) else { return 1 };
        match text.parse() {
            Ok(factor @ 1..=1_000) => factor,
            _ => {
                self.problems.push(format!("{name} must be a number from 1 to 1000."));
                1
            }
        }
    }

    pub(super) fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let address = self.text(name)?.parse().ok();
        if address.is_none() {
            self.problems
                .push(format!("{name} must be an address and a port, such as 127.0.0.1:8080."));
        }
        address
    }

    pub(super) fn url(&mut self, name: &str) -> Option<Url> {
        let url = Url::parse(&self.text(name)?).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
        });
        if url.is_none() {
            self.problems.push(format!("{name} must be an http or https address."));
        }
        url
    }

    pub(super) fn public_url(&mut self, production: bool) -> Option<Url> {
        let url = self.url("TANDEM_PUBLIC_URL")?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            self.problems.push(
                "TANDEM_PUBLIC_URL must be an origin: no path, query or fragment.".to_owned(),
            );
        }
        // Browsers keep `Secure` cookies from plain http, except on the own machine.
        if production && url.scheme() == "http" && !is_loopback(&url) {
            self.problems.push("TANDEM_PUBLIC_URL must be https in production.".to_owned());
        }
        Some(url)
    }

    /// The mailer parses it; here it only must not be forgotten.
    pub(super) fn mail_from(&mut self, production: bool) -> String {
        let from = self.text("TANDEM_MAIL_FROM");
        if production && from.is_none() && self.text("SMTP_URL").is_some() {
            self.problems.push(
                "TANDEM_MAIL_FROM is not set: give the sender of mails, such as Tandem <no-reply@example.com>."
                    .to_owned(),
            );
        }
        from.unwrap_or_else(|| "Tandem <tandem@localhost>".to_owned())
    }

    pub(super) fn refuse_what_only_development_has(&mut self) {
        let is_ours = |name: &&String| is_override(name) || *name == CRM_LIMIT_FACTOR;
        for name in self.variables.keys().filter(is_ours) {
            self.problems.push(format!(
                "{name} is set, but production talks to the real CRM only: remove it, or set TANDEM_ENV=development."
            ));
        }
        if self.variables.contains_key(biller::API_URL) {
            self.problems.push(format!(
                "{} is set, but production pays at the real Stripe only: remove it, or set TANDEM_ENV=development.",
                biller::API_URL
            ));
        }
        if self.variables.contains_key("TANDEM_MASTER_KEYS") {
            self.problems.push(
                "TANDEM_MASTER_KEYS is set, but production reads master keys from a file only: use TANDEM_MASTER_KEYS_FILE."
                    .to_owned(),
            );
        }
    }

    /// Whatever could be a provider's: this file does not know their names.
    pub(super) fn crms(&mut self) -> BTreeMap<String, SecretString> {
        let mut crms = BTreeMap::new();
        for name in self.variables.keys() {
            let credential = name.ends_with("_CLIENT_ID") || name.ends_with("_CLIENT_SECRET");
            if is_override(name) && self.url(name).is_none() {
                continue;
            }
            if let Some(value) = self.secret(name).filter(|_| credential || is_override(name)) {
                crms.insert(name.clone(), value);
            }
        }
        crms
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

//! Sends mail: through a relay, or into a folder that the mailbox page shows.

use std::{path::PathBuf, time::Duration};

use lettre::{
    Address, AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType},
    },
    transport::smtp::PoolConfig,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    letters::Letter,
    mailbox::{self, Received},
};
use crate::config::{Config, ConfigError, MailRoute};

/// For each command of the SMTP dialogue; a relay that takes longer is down for us.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Relays limit connections per client; four carry far more mail than Tandem writes.
const CONNECTIONS: u32 = 4;

/// What to do about a mail that did not leave. Never says to whom: relays quote addresses.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("this is not an address that mail can be sent to")]
    Address,
    #[error("the mail relay refused for good (code {0})")]
    Refused(String),
    #[error("the mail relay does not answer or asks to come back; try again later")]
    Later,
    #[error("the mailbox folder cannot be used: {0}")]
    Mailbox(#[source] std::io::Error),
}

#[derive(Debug, Clone)]
pub struct Mailer {
    from: Mailbox,
    route: Route,
}

#[derive(Debug, Clone)]
enum Route {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Mailbox(PathBuf),
}

impl Mailer {
    /// Reads the route; connects when the first mail is sent. The pool of
    /// connections needs a running runtime.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let from = config.mail_from.parse().map_err(|_| {
            ConfigError::one("TANDEM_MAIL_FROM must be a mail address, with or without a name.")
        })?;
        let route = match &config.mail {
            Some(MailRoute::Smtp(url)) => {
                Route::Smtp(relay(url, config.environment.is_production())?)
            }
            Some(MailRoute::Mailbox(folder)) => Route::Mailbox(folder.clone()),
            None => {
                return Err(ConfigError::one("SMTP_URL is not set: there is no way to send mail."));
            }
        };
        Ok(Self { from, route })
    }

    pub async fn send(&self, to: &str, letter: &Letter) -> Result<(), MailError> {
        match &self.route {
            Route::Smtp(relay) => {
                relay.send(self.message(to, letter, None)?).await.map(|_| ()).map_err(
                    |error| match (error.is_permanent(), error.status()) {
                        (true, Some(code)) => MailError::Refused(code.to_string()),
                        _ => MailError::Later,
                    },
                )
            }
            Route::Mailbox(folder) => {
                mailbox::prepare(folder).map_err(MailError::Mailbox)?;
                // As it is, so that the page can read it back.
                let encoding = Some(ContentTransferEncoding::Binary);
                AsyncFileTransport::<Tokio1Executor>::new(folder)
                    .send(self.message(to, letter, encoding)?)
                    .await
                    .map_err(|error| MailError::Mailbox(std::io::Error::other(error)))?;
                mailbox::sweep(folder).map_err(MailError::Mailbox)
            }
        }
    }

    /// The mails that stayed here, newest first; nothing when a relay has them.
    pub fn mailbox(&self) -> Result<Option<Vec<Received>>, MailError> {
        match &self.route {
            Route::Smtp(_) => Ok(None),
            Route::Mailbox(folder) => mailbox::list(folder).map(Some).map_err(MailError::Mailbox),
        }
    }

    fn message(
        &self,
        to: &str,
        letter: &Letter,
        encoding: Option<ContentTransferEncoding>,
    ) -> Result<Message, MailError> {
        // An address alone: a name could carry more than a name.
        let to: Address = to.parse().map_err(|_| MailError::Address)?;
        let text = letter.text.clone();
        let body = match encoding {
            Some(encoding) => Body::new_with_encoding(text, encoding).unwrap_or_else(Body::new),
            None => Body::new(text),
        };
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.replace(char::is_control, " "))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|_| MailError::Address)
    }
}

fn relay(
    url: &SecretString,
    production: bool,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, ConfigError> {
    let unreadable = || ConfigError::one("SMTP_URL must look like smtps://user:password@host.");
    let parsed = url::Url::parse(url.expose_secret()).map_err(|_| unreadable())?;
    let encrypted = parsed.scheme() == "smtps"
        || parsed.query_pairs().any(|(key, value)| key == "tls" && value == "required");
    let near = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if production && !encrypted && !near {
        return Err(ConfigError::one(
            "SMTP_URL must be encrypted: smtps://..., or smtp://...?tls=required.",
        ));
    }
    Ok(AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
        .map_err(|_| unreadable())?
        .timeout(Some(TIMEOUT))
        .pool_config(PoolConfig::new().max_size(CONNECTIONS))
        .build())
}

#[cfg(test)]
mod tests;

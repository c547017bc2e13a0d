//! Where an import lands: a database of its own with one empty company, connected to the stand-in.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path, path::PathBuf};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Sheet, processes::Crm};
use crate::{
    app,
    config::MasterKeys as KeySource,
    db::{self, Db, accounts::Signup},
    domain::{CompanyId, ConnectionId, MemberId},
    flows::{
        Provider, SharedHub,
        connect::{self, Callback, Connecting},
        demo,
    },
    policy::Plan,
    vault::MasterKeys,
};

/// The bench asks for little beside what it measures.
const CONNECTIONS: u32 = 4;
/// Nobody calls it; consents come back to it all the same.
const PUBLIC_URL: &str = "http://localhost:8080";

/// Who signs in; the database lives as long as the bench and is on this machine only.
pub(super) const EMAIL: &str = "owner@bench.example";

pub(super) struct Ground {
    pub hub: SharedHub,
    /// Of the login role.
    pub url: SecretString,
    pub company_id: CompanyId,
    pub member_id: MemberId,
    pub connection_id: ConnectionId,
    slug: &'static str,
}

impl Ground {
    pub(super) async fn prepare(sheet: &Sheet<'_>, crm: &Crm, name: &str) -> anyhow::Result<Self> {
        db::create_database(sheet.postgres.url("postgres").parse()?, name).await?;
        db::migrate(sheet.postgres.url(name).parse()?, Some(&sheet.password)).await?;
        let mut url: url::Url = sheet.postgres.url(name).parse()?;
        url.set_username("tandem_login").ok();
        url.set_password(Some(&sheet.password)).ok();
        let url = SecretString::from(String::from(url));

        let mut config = sheet.config.clone();
        config.public_url = Some(PUBLIC_URL.parse()?);
        config.master_keys = Some(KeySource::File(sheet.keys.to_owned()));
        config.database_url = Some(url.clone());
        config.redis_url = None;
        // What the bench itself asks for must not wait for windows that its stand-in does not have.
        config.crm_limit_factor = 1_000;
        config.offer_sandbox(crm.slug, Crm::app(), &crm.url);
        let hub = app::hub(config, CONNECTIONS).await?;

        let (company_id, member_id, connection_id) = found(&hub, crm, EMAIL).await?;
        Ok(Self { hub, url, company_id, member_id, connection_id, slug: crm.slug })
    }

    /// One more company, connected to the same account; whoever signs in there has this address.
    pub(super) async fn another(&self, crm: &Crm, email: &str) -> anyhow::Result<()> {
        found(&self.hub, crm, email).await?;
        Ok(())
    }

    /// The same database with another number of connections.
    pub(super) async fn database(&self, connections: u32) -> anyhow::Result<Db> {
        Ok(Db::connect(self.url.expose_secret().parse()?, connections).await?)
    }

    pub(super) fn provider(&self) -> anyhow::Result<&Provider> {
        self.hub.providers.get(self.slug).context("the provider is not in the registry")
    }

    pub(super) const fn slug(&self) -> &'static str {
        self.slug
    }

    pub(super) async fn close(self) {
        self.hub.db.close().await;
    }
}

async fn found(
    hub: &SharedHub,
    crm: &Crm,
    email: &str,
) -> anyhow::Result<(CompanyId, MemberId, ConnectionId)> {
    let signup = Signup {
        email: email.to_owned(),
        name: "Bench".to_owned(),
        company_name: "Bench".to_owned(),
        country: "DE".to_owned(),
        password_hash: demo::hash(email).await,
    };
    let mut tx = hub.db.door().await?;
    let founded =
        db::accounts::found_company(&mut tx, &signup, Plan::Enterprise, hub.clock.now()).await?;
    tx.commit().await?;
    let (company_id, member_id) = (founded.company_id, founded.member_id);
    let connection_id = consent(hub, crm, company_id, member_id).await?;
    Ok((company_id, member_id, connection_id))
}

/// The way of every connection, with a code that needed no page.
async fn consent(
    hub: &SharedHub,
    crm: &Crm,
    company_id: CompanyId,
    member_id: MemberId,
) -> anyhow::Result<ConnectionId> {
    let provider = hub.providers.get(crm.slug).context("the provider is not in the registry")?;
    let who = Connecting { company_id, member_id, session_hash: b"bench" };
    let page =
        connect::begin(hub, who, provider, None).await?.context("the provider is not offered")?;
    let said = |wanted: &str| {
        page.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let callback = Callback {
        code: Some(crm.code(said("code_challenge").as_deref()).await?),
        state: said("state"),
        error: None,
        issuer: None,
        login: None,
    };
    match connect::finish(hub, who, provider, callback).await? {
        connect::Finished::Connected(id) => Ok(id),
        connect::Finished::MustChoose(_) => anyhow::bail!("another user is connected already"),
    }
}

/// A master key for this measurement, in a file that only we may read.
pub(super) fn master_keys(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join("master.keys");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(MasterKeys::fresh_line("bench").as_bytes())?;
    Ok(path)
}

//! Master keys are changed while everything runs.

use std::{fs, process::Command, sync::Arc};

use tandem::{
    connectors::TokenSource as _,
    flows::{self, ConnectionTokens, Hub, SharedHub, keys::Rotated},
    vault::{MasterKeys, Vault},
};

use super::{
    Rig,
    crm::{NORDWIND, slug},
};

fn vault(lines: &str) -> Vault {
    Vault::new(MasterKeys::parse(lines).unwrap())
}

pub(super) fn with_keys(hub: &SharedHub, lines: &str) -> SharedHub {
    Arc::new(Hub { vault: Arc::new(vault(lines)), ..(**hub).clone() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_while_tokens_are_used_and_refreshed() {
    let rig = Rig::new().await;
    let (old, new) = (MasterKeys::fresh_line("2025"), MasterKeys::fresh_line("2026"));
    let both = format!("{}{}", *new, *old);
    let before = with_keys(&rig.hub.hub, &old);
    flows::keys::check(&rig.hub.db, &before.vault).await.unwrap();
    connect_with(&rig, &before).await;

    // The line is added, first, and processes start again with it.
    let now = with_keys(&rig.hub.hub, &both);
    flows::keys::check(&rig.hub.db, &now.vault).await.unwrap();
    let tokens = rig.tokens_of(&now).await;
    let using = async {
        for _ in 0..20 {
            rig.expire().await;
            tokens.access_token().await.unwrap();
        }
    };
    let rotating = async {
        let mut last = Rotated::default();
        for _ in 0..20 {
            last = flows::keys::rotate(&now, &mut |_| {}).await.unwrap();
            tokio::task::yield_now().await;
        }
        last
    };
    let ((), last) = tokio::join!(using, rotating);
    assert_eq!((last.companies, last.keys, last.retired), (1, 0, 0), "nothing was left to do");
    let under: String = rig.hub.value("select master_id from company_dek").await;
    assert_eq!(under, "2026");

    // The old line may go; a hub without it starts and opens everything.
    let after = with_keys(&rig.hub.hub, &new);
    flows::keys::check(&rig.hub.db, &after.vault).await.unwrap();
    rig.tokens_of(&after).await.access_token().await.unwrap();
    // A line that stays is no trouble, one with another key under its name is.
    flows::keys::check(&rig.hub.db, &vault(&both)).await.unwrap();
    let impostor = format!("{}{}", *new, *MasterKeys::fresh_line("2025"));
    assert!(flows::keys::check(&rig.hub.db, &vault(&impostor)).await.is_err());
    // A retired key that comes back first is in use again.
    let back = format!("{}{}", *old, *new);
    flows::keys::check(&rig.hub.db, &vault(&back)).await.unwrap();
    assert!(flows::keys::check(&rig.hub.db, &after.vault).await.is_err(), "its line must stay");
}

/// Connects with a hub that answers no web: its own vault seals.
pub(super) async fn connect_with(rig: &Rig, hub: &SharedHub) -> ConnectionTokens {
    let page = rig.begin(&rig.acme.owner.browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;
    let back = url::Url::parse(&format!("http://x{back}")).unwrap();
    let query =
        |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let session: Vec<u8> = rig.hub.value("select session_hash from oauth_state").await;
    let who = flows::connect::Connecting {
        company_id: rig.acme.id,
        member_id: rig.acme.owner.id,
        session_hash: &session,
    };
    let callback = flows::connect::Callback {
        code: Some(query("code").into()),
        state: Some(query("state")),
        error: None,
        issuer: None,
        login: None,
    };
    let provider = hub.providers.get(slug()).unwrap();
    flows::connect::finish(hub, who, provider, callback).await.unwrap();
    rig.tokens_of(hub).await
}

#[tokio::test]
async fn the_command_rotates_beside_a_hub_that_runs() {
    let rig = Rig::new().await;
    let (old, new) = (MasterKeys::fresh_line("old"), MasterKeys::fresh_line("new"));
    let running = with_keys(&rig.hub.hub, &format!("{}{}", *new, *old));
    let before = with_keys(&rig.hub.hub, &old);
    flows::keys::check(&rig.hub.db, &before.vault).await.unwrap();
    connect_with(&rig, &before).await;

    let folder = std::env::temp_dir().join(format!("tandem-keys-{}", uuid::Uuid::new_v4()));
    fs::create_dir(&folder).unwrap();
    let file = folder.join("master.keys");
    fs::write(&file, format!("# first seals\n{}{}", *new, *old)).unwrap();
    let rotate = || {
        let output = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .args(["keys", "rotate"])
            .env_clear()
            .env("TANDEM_ENV", "development")
            .env("TANDEM_PUBLIC_URL", "http://localhost:1")
            .env("DATABASE_URL", rig.hub.database.login_url())
            .env("TANDEM_MASTER_KEYS_FILE", &file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let said = rotate();
    assert!(said.contains(r#""keys":1"#) && said.contains(r#""retired":1"#), "{said}");
    assert!(said.contains(r#""under":"new""#), "{said}");
    rig.expire().await;
    rig.tokens_of(&running).await.access_token().await.unwrap();
    let again = rotate();
    assert!(again.contains(r#""keys":0"#) && again.contains(r#""retired":0"#), "{again}");
    fs::remove_dir_all(&folder).unwrap();
}

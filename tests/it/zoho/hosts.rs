//! Where our secret and the company's token may go: nine data centres and nowhere else.

use tandem::connectors::Endpoints;
use url::Url;

use super::zoho;

const CENTRES: [(&str, &str); 9] = [
    ("accounts.zoho.com", "www.zohoapis.com"),
    ("accounts.zoho.eu", "www.zohoapis.eu"),
    ("accounts.zoho.in", "www.zohoapis.in"),
    ("accounts.zoho.com.au", "www.zohoapis.com.au"),
    ("accounts.zoho.jp", "www.zohoapis.jp"),
    ("accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    ("accounts.zohocloud.ca", "www.zohoapis.ca"),
    ("accounts.zoho.sa", "www.zohoapis.sa"),
    ("accounts.zoho.uk", "www.zohoapis.uk"),
];

fn real() -> Endpoints {
    Endpoints::production(zoho().manifest())
}

/// Where people would be sent.
fn asked(endpoints: &Endpoints) -> Url {
    let back = "https://tandem.example/back".parse().unwrap();
    tandem::connectors::authorize_url(zoho().manifest(), endpoints, "id", &back, "state", None)
}

#[test]
fn every_data_centre_is_known_and_tokens_are_renewed_where_they_were_given() {
    for (accounts, api) in CENTRES {
        let (accounts, api) = (format!("https://{accounts}"), format!("https://{api}"));
        assert_eq!(real().api_base(&api).unwrap().as_str(), api);
        let at_login = real().at_login(&accounts).unwrap();
        assert_eq!(asked(&at_login).origin().ascii_serialization(), accounts);
        let of_account = real().of_account(&api);
        assert_eq!(asked(&of_account).origin().ascii_serialization(), accounts, "{api}");
    }
}

#[test]
fn a_hostile_accounts_server_or_api_domain_is_refused() {
    for (accounts, api) in CENTRES {
        for host in [accounts, api] {
            for raw in [
                format!("https://{host}.evil.example"),
                format!("https://evil-{host}"),
                format!("https://evil.example/{host}"),
                format!("https://evil.example#{host}"),
                format!("https://evil.example?{host}"),
                format!("https://{host}@evil.example"),
                format!("https://user@{host}"),
                format!("https://{host}:444"),
                format!("https://{host}/oauth"),
                format!("https://{host}\\@evil.example"),
                format!("http://{host}"),
                format!("https://{}", host.to_uppercase()),
                format!("https://{host}."),
                format!("https://sandbox.{host}"),
                format!(" https://{host}"),
                format!("https://{host}\n"),
                host.to_owned(),
            ] {
                assert!(real().at_login(&raw).is_err(), "{raw:?} to sign in at");
                assert!(real().api_base(&raw).is_err(), "{raw:?} to read from");
            }
        }
        // An accounts server is no place for data, and no API one to sign in at.
        assert!(real().api_base(&format!("https://{accounts}")).is_err());
        assert!(real().at_login(&format!("https://{api}")).is_err());
    }
    for raw in ["", "eu", "https://", "https://evil.example", "https://169.254.169.254"] {
        assert!(real().at_login(raw).is_err() && real().api_base(raw).is_err(), "{raw:?}");
        // What is stored is judged again; what is no data centre's changes nothing.
        assert_eq!(asked(&real().of_account(raw)), asked(&real()));
    }
}

#[test]
fn consent_is_asked_for_with_commas_offline_and_anew() {
    let url = asked(&real());
    let said = |name: &str| {
        let mut found = url.query_pairs().filter(|(key, _)| key == name);
        let (_, value) = found.next().unwrap();
        assert!(found.next().is_none(), "{name} once");
        value.into_owned()
    };
    assert_eq!(said("access_type"), "offline");
    assert_eq!(said("prompt"), "consent");
    let scopes = said("scope");
    let mut asked: Vec<&str> = scopes.split(',').collect();
    let mut named: Vec<&str> = zoho().manifest().scopes.iter().map(|scope| scope.name).collect();
    asked.sort_unstable();
    named.sort_unstable();
    assert_eq!(asked, named);
    assert!(!asked.iter().any(|scope| scope.contains(' ')));
}

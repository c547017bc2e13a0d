//! Zoho's data centres: a fixed list, so that nobody's word decides where our secret goes.

use crate::connectors::HostRule;

/// A data centre: where people sign in, where the data is, where the web application is.
pub(super) struct Centre {
    pub(super) accounts: &'static str,
    pub(super) api: &'static str,
    pub(super) web: &'static str,
}

const fn centre(accounts: &'static str, api: &'static str, web: &'static str) -> Centre {
    Centre { accounts, api, web }
}

/// Canada's accounts are not at the host that its API's name suggests.
pub(super) static CENTRES: &[Centre] = &[
    centre("accounts.zoho.com", "www.zohoapis.com", "crm.zoho.com"),
    centre("accounts.zoho.eu", "www.zohoapis.eu", "crm.zoho.eu"),
    centre("accounts.zoho.in", "www.zohoapis.in", "crm.zoho.in"),
    centre("accounts.zoho.com.au", "www.zohoapis.com.au", "crm.zoho.com.au"),
    centre("accounts.zoho.jp", "www.zohoapis.jp", "crm.zoho.jp"),
    centre("accounts.zoho.com.cn", "www.zohoapis.com.cn", "crm.zoho.com.cn"),
    centre("accounts.zohocloud.ca", "www.zohoapis.ca", "crm.zohocloud.ca"),
    centre("accounts.zoho.sa", "www.zohoapis.sa", "crm.zoho.sa"),
    centre("accounts.zoho.uk", "www.zohoapis.uk", "crm.zoho.uk"),
];

const COUNT: usize = CENTRES.len();

const fn rules(login: bool) -> [HostRule; COUNT] {
    let mut rules = [HostRule::Exactly(""); COUNT];
    let mut at = 0;
    while at < COUNT {
        let host = if login { CENTRES[at].accounts } else { CENTRES[at].api };
        rules[at] = HostRule::Exactly(host);
        at += 1;
    }
    rules
}

pub(super) static API_HOSTS: [HostRule; COUNT] = rules(false);
pub(super) static LOGIN_HOSTS: [HostRule; COUNT] = rules(true);

/// Tokens are renewed in the data centre that gave them.
pub(super) fn login_of(api: &str) -> Option<String> {
    of(api).map(|centre| format!("https://{}", centre.accounts))
}

/// The web application beside an API.
pub(super) fn web_of(api: &str) -> Option<&'static str> {
    of(api).map(|centre| centre.web)
}

fn of(api: &str) -> Option<&'static Centre> {
    let host = api.strip_prefix("https://")?;
    CENTRES.iter().find(|centre| centre.api == host)
}

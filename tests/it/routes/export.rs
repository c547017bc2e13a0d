//! `/api/contacts/export`.

use reqwest::Method;
use serde_json::{Value, json};
use tandem::policy::Plan;

use super::imports::{acme, import};
use crate::harness::Browser;

async fn export(browser: &Browser, form: Value) -> String {
    let request = browser.request(Method::POST, "/api/contacts/export");
    let answer = browser.send(request.json(&form)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert!(answer.header("content-disposition").contains("tandem-contacts.csv"));
    answer.text
}

/// Texts that try to be something else on the way out and in.
const ODD: &[&str] = &[
    "=1+1",
    "+49",
    "-x",
    "@SUM(A1)",
    "'=1",
    "''=1",
    "'tis",
    "a,b;c",
    "say \"hi\"",
    "n/a",
    "-",
    "two\nlines",
    "＝1",
    "ünïcödé",
    "Tandem ID",
    "\u{202e}rtl",
];

#[tokio::test]
async fn importing_an_export_changes_nothing_whatever_is_in_it() {
    let (hub, acme) = acme(Plan::Business).await;
    let browser = &acme.owner.browser;
    for (at, odd) in ODD.iter().enumerate() {
        // Control characters come from CRMs; our own form takes none.
        let bare = odd.replace('\n', " ");
        let form = json!({
            "full_name": bare, "first_name": bare, "organization_name": bare,
            "emails": [{ "value": format!("a{at}@x.example") }, { "value": format!("b{at}@x.example") }],
            "phones": [{ "value": format!("+49 30 9018{at:02}") }, { "value": format!("+49 30 90{at:02}21") }],
            "tags": [bare, format!("a{at};b"), "c,d"],
        });
        browser.post("/api/contacts", form).await.expect(201);
    }
    browser.post("/api/contacts", json!({ "full_name": "Only a name" })).await.expect(201);
    // More than are read at a time, as an import would have left them.
    sqlx::query(
        "insert into contact (company_id, contact_id, full_name, emails, search, custom_fields)
         select $1, gen_random_uuid(), E'Many\\n' || n, '[{\"value\": \"no address; at all\", \"label\": null, \"primary\": true}]', 'many',
                '{\"k\": \"=1\"}'
         from generate_series(1, 700) n",
    )
    .bind(acme.id)
    .execute(&hub.owner)
    .await
    .unwrap();
    let whole = "select md5(string_agg(contact::text, '' order by contact_id)) from contact";
    let before = hub.value::<String>(whole).await;
    for mark in [true, false] {
        let sheet = export(browser, json!({ "filter": {}, "mark": mark })).await;
        assert_eq!(sheet.starts_with('\u{feff}'), mark);
        assert!(sheet.contains("\"'=1+1\"") && sheet.contains("\"'＝1\""), "{sheet}");
        let run = import(&hub, browser, &sheet).await;
        assert_eq!(run["counts"]["unchanged"], 717, "{run}");
        assert_eq!(run["seen"], 717, "{run}");
    }
    assert_eq!(hub.value::<String>(whole).await, before);
}

#[tokio::test]
async fn everybody_takes_out_what_they_see_and_it_is_in_the_audit_log() {
    let (hub, acme) = acme(Plan::Business).await;
    let globex = hub.company(Plan::Business).await;
    let make = async |browser: &Browser, name: &str| {
        let made = browser.post("/api/contacts", json!({ "full_name": name })).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    let ours = make(&acme.owner.browser, "Ours").await;
    let mine = make(&acme.consultant.browser, "Mine").await;
    let theirs = make(&globex.owner.browser, "Theirs").await;
    let ids = json!({ "contact_ids": [ours, mine, theirs] });
    for (browser, names) in
        [(&acme.admin.browser, &["Ours", "Mine"][..]), (&acme.consultant.browser, &["Mine"][..])]
    {
        for form in [json!({ "filter": {} }), ids.clone()] {
            let sheet = export(browser, form).await;
            for name in ["Ours", "Mine", "Theirs"] {
                assert_eq!(
                    sheet.contains(&format!("\"{name}\"")),
                    names.contains(&name),
                    "{sheet}"
                );
            }
        }
    }
    let logged = "select count(*) from audit_log where action = 'contacts.exported'";
    assert_eq!(hub.value::<i64>(logged).await, 4);
    let browser = &acme.owner.browser;
    assert_eq!(browser.post("/api/contacts/export", json!({})).await.problem(400), "invalid");
    let both = json!({ "contact_ids": [], "filter": {} });
    assert_eq!(browser.post("/api/contacts/export", both).await.problem(400), "invalid");
}

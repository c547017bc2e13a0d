//! `/api/sync-logs/{id}/entries/file`.

use tandem::policy::Plan;
use uuid::Uuid;

use super::imports::{acme, import};

/// What a run left out, as an import would have written it: more than are read at a time.
const LEFT_OUT: &str = "insert into sync_entry
         (company_id, run_id, outcome, page, seq, remote_ids, remote_name, reason)
     select $1, $2, 'quarantined', 900, n, array['r' || n], '=1+' || n, 'Its name, \"=1\", is odd.'
     from generate_series(1, 600) n
     union all
     select $1, $2, 'skipped', 900, 1, array(select 's' || n from generate_series(1, 700) n),
            null, '-2+3 is left out'
     union all
     select $1, $2, 'conflict', 900, 1, array['c1'], '@SUM(A1)', null";

#[tokio::test]
async fn what_a_run_did_not_take_comes_whole_in_a_file_that_runs_nothing() {
    let (hub, acme) = acme(Plan::Business).await;
    let browser = &acme.owner.browser;
    let run = import(&hub, browser, "Name;E-Mail\r\nAda;ada@x.example\r\nBob;none\r\n").await;
    let id = run["id"].as_str().unwrap();
    sqlx::query(LEFT_OUT)
        .bind(acme.id)
        .bind(Uuid::parse_str(id).unwrap())
        .execute(&hub.owner)
        .await
        .unwrap();

    let path = format!("/api/sync-logs/{id}/entries/file");
    let all = browser.get(&path).await;
    assert_eq!(all.status, 200, "{}", all.text);
    assert_eq!(all.header("content-type"), "text/csv; charset=utf-8");
    assert!(all.header("content-disposition").contains("tandem-run-not-imported.csv"));
    let lines: Vec<&str> = all.text.lines().collect();
    assert!(lines[0].starts_with("\u{feff}\"Outcome\",\"Record\""), "{}", lines[0]);
    let of = |outcome: &str| {
        let begin = format!("\"{outcome}\",");
        lines.iter().filter(|line| line.starts_with(&begin)).count()
    };
    // The bad row of the file is one of them; what was created is not.
    assert_eq!((of("quarantined"), of("conflict"), of("skipped")), (601, 1, 700));
    assert_eq!(lines.len(), 1 + 601 + 1 + 700);
    // Each record once, whatever it was packed with.
    let mut records: Vec<&str> =
        lines[1..].iter().map(|line| line.split(',').nth(1).unwrap()).collect();
    records.sort_unstable();
    records.dedup();
    assert_eq!(records.len(), lines.len() - 1);
    for formula in ["\"'=1+7\"", "\"'@SUM(A1)\"", "\"'-2+3 is left out\""] {
        assert!(all.text.contains(formula), "{formula}");
    }
    assert!(all.text.contains("\"Its name, \"\"=1\"\", is odd.\""));

    let one = browser.get(&format!("{path}?outcome=created")).await;
    assert_eq!(one.status, 200, "{}", one.text);
    assert_eq!(one.text.lines().count(), 2, "{}", one.text);
    assert!(one.text.contains("\"Ada\""), "{}", one.text);
    // Whoever sees the own contacts alone sees the own runs alone.
    assert_eq!(acme.consultant.browser.get(&path).await.problem(404), "not_found");
    let globex = hub.company(Plan::Business).await;
    assert_eq!(globex.owner.browser.get(&path).await.problem(404), "not_found");
    assert_eq!(browser.get(&format!("{path}?outcome=unchanged")).await.problem(400), "invalid");
}

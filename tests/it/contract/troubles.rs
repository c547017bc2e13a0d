//! Every kind of trouble has a name that says what to do next.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tandem::connectors::{CrmError, From, Pace, Throttle};

use super::{every, stage};
use crate::connectors::{rig::Simulated, stage::Stage};

/// What reading persons says with this fault in every answer.
async fn read_with(stage: &Stage, fault: Value) -> Result<usize, CrmError> {
    stage.control("DELETE", "/faults", json!({})).await;
    stage.fault(fault).await;
    // Backing off takes no time here.
    let api = stage.api.clone().with_pace(Arc::new(Simulated::default()) as Arc<dyn Pace>);
    let page = stage.connector.persons(&api, &From::default()).await;
    stage.control("DELETE", "/faults", json!({})).await;
    page.map(|page| page.items.len())
}

#[tokio::test]
async fn trouble_is_named_by_what_to_do_next() {
    for connector in every() {
        let stage = stage(connector).await;
        let always = |kind: &str| json!({"kind": kind, "times": null});
        let once = |kind: &str| json!({"kind": kind});
        for passing in ["status_5xx", "html_200", "empty_json", "half_answer", "invalid_utf8"] {
            let read = read_with(&stage, once(passing)).await;
            assert!(read.as_ref().is_ok_and(|rows| *rows > 0), "{passing}: {read:?}");
        }
        // With a window of its own: time that is simulated empties none.
        let stage = self::stage(connector).await;
        for (kind, down) in [("status_5xx", true), ("reset", true), ("html_200", false)] {
            let error = read_with(&stage, always(kind)).await.unwrap_err();
            let expected = if down {
                matches!(error, CrmError::Down { .. })
            } else {
                matches!(error, CrmError::Unreadable { .. })
            };
            assert!(expected, "{kind}: {error:?}");
        }
        let bomb = read_with(&stage, json!({"kind": "gzip_bomb", "times": null})).await;
        assert!(matches!(bomb, Err(CrmError::Unreadable { .. })), "{bomb:?}");
        let redirect = read_with(&stage, always("redirect")).await;
        assert!(matches!(redirect, Err(CrmError::Unreadable { .. })), "{redirect:?}");
    }
}

#[tokio::test]
async fn the_limits_of_a_burst_and_of_a_day_are_told_apart() {
    for connector in every() {
        let stage = stage(connector).await;
        let daily = read_with(&stage, json!({"kind": "daily_429", "times": null})).await;
        let all_day = matches!(
            &daily,
            Err(CrmError::Throttled { scope: Throttle::Daily, wait }) if *wait >= Duration::from_mins(1)
        );
        assert!(all_day, "{daily:?}");
        let stage = self::stage(connector).await;
        let burst = read_with(&stage, json!({"kind": "burst_429", "times": null})).await;
        let seconds = matches!(
            &burst,
            Err(CrmError::Throttled { scope: Throttle::Burst, wait }) if *wait <= Duration::from_mins(1)
        );
        assert!(seconds, "{burst:?}");
    }
}

#[tokio::test]
async fn no_error_tells_a_token_or_an_address() {
    for connector in every() {
        let stage = stage(connector).await;
        for kind in ["status_5xx", "html_403", "empty_json", "daily_429"] {
            let Err(error) = read_with(&stage, json!({"kind": kind, "times": null})).await else {
                panic!("{kind} is no page")
            };
            let words = format!("{error} {error:?}");
            assert!(!words.contains("127.0.0.1") && !words.contains('@'), "{kind}: {words}");
        }
    }
}

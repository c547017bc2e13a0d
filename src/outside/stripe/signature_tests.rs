//! What is believed to be Stripe's, and what is not.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

const BODY: &[u8] = br#"{"id":"evt_1","type":"invoice.paid"}"#;
const AT: i64 = 1_795_773_600;

fn secret() -> SecretString {
    "whsec_of_the_endpoint".into()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(AT, 0).unwrap()
}

fn signed(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn header(secret: &str, at: i64) -> String {
    format!("t={at},v1={}", signed(secret, at, BODY))
}

fn judged(header: &str) -> Result<(), NotSigned> {
    verify(header, BODY, &secret(), now())
}

#[test]
fn what_stripe_signed_just_now_is_believed() {
    assert_eq!(judged(&header("whsec_of_the_endpoint", AT)), Ok(()));
}

#[test]
fn a_signature_that_was_computed_elsewhere_is_the_same() {
    // printf '1795773600.{"id":"evt_1","type":"invoice.paid"}' | openssl dgst -sha256 -hmac whsec_of_the_endpoint
    let known = "f6b1792df7790266a48fda77aa460ff76bba39f2e49c2619ea49894d17f8d929";
    assert_eq!(signed("whsec_of_the_endpoint", AT, BODY), known);
}

#[test]
fn while_a_secret_is_rolled_either_signature_counts() {
    let (ours, other) = (signed("whsec_of_the_endpoint", AT, BODY), signed("whsec_new", AT, BODY));
    for both in [format!("v1={ours},v1={other}"), format!("v1={other},v1={ours}")] {
        assert_eq!(judged(&format!("t={AT},{both},v0=abc")), Ok(()));
    }
}

#[test]
fn other_secrets_bodies_times_and_schemes_prove_nothing() {
    let ours = signed("whsec_of_the_endpoint", AT, BODY);
    assert_eq!(judged(&header("whsec_other", AT)), Err(NotSigned::Forged));
    assert_eq!(judged(&format!("t={},v1={ours}", AT + 1)), Err(NotSigned::Forged));
    assert_eq!(judged(&format!("t={AT},v0={ours}")), Err(NotSigned::Malformed));
    let right = header("whsec_of_the_endpoint", AT);
    for body in [&BODY[..BODY.len() - 1], b"", &[BODY, b" "].concat()] {
        assert_eq!(verify(&right, body, &secret(), now()), Err(NotSigned::Forged));
    }
}

#[test]
fn what_is_signed_earlier_or_later_than_five_minutes_is_refused() {
    for (seconds, believed) in [(-301, false), (-300, true), (300, true), (301, false)] {
        let at = (now() + TimeDelta::seconds(seconds)).timestamp();
        let wanted = if believed { Ok(()) } else { Err(NotSigned::OutOfTime) };
        assert_eq!(judged(&header("whsec_of_the_endpoint", at)), wanted, "{seconds}");
    }
}

#[test]
fn a_header_that_can_be_read_in_two_ways_is_not_read() {
    let ours = signed("whsec_of_the_endpoint", AT, BODY);
    let many = format!("v1={ours},").repeat(9);
    for text in [
        String::new(),
        "t".to_owned(),
        format!("t={AT}"),
        format!("v1={ours}"),
        format!("t={AT},t={AT},v1={ours}"),
        format!("t=+{AT},v1={ours}"),
        format!("t= {AT},v1={ours}"),
        format!("t=-{AT},v1={ours}"),
        format!("t={AT}.0,v1={ours}"),
        format!("t={AT},v1={}", &ours[1..]),
        format!("t={AT},v1={ours}00"),
        format!("t={AT},v1={ours} "),
        format!("t={AT},{many}v1={ours}"),
        format!("t={AT},v1={ours},{}", "x=y,".repeat(1_000)),
        format!("t=99999999999999999999,v1={ours}"),
    ] {
        assert_eq!(judged(&text), Err(NotSigned::Malformed), "{text:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_not_signed_is_never_believed(
        text in prop_oneof![
            ".{0,300}",
            "(t=[0-9]{0,14},?)?(v[01]=[0-9a-f]{60,66},?){0,10}",
            "[tv01=,0-9a-f]{0,200}",
        ],
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        prop_assert!(verify(&text, &body, &secret(), now()).is_err());
    }

    #[test]
    fn whatever_is_signed_in_time_is_believed_and_each_changed_byte_ends_that(
        body in prop::collection::vec(any::<u8>(), 1..200),
        off in -300_i64..=300,
        flip in any::<prop::sample::Index>(),
    ) {
        let text = {
            let at = AT + off;
            format!("t={at},v1={}", signed("whsec_of_the_endpoint", at, &body))
        };
        prop_assert_eq!(verify(&text, &body, &secret(), now()), Ok(()));
        let mut other = body.clone();
        other[flip.index(body.len())] ^= 1;
        prop_assert_eq!(verify(&text, &other, &secret(), now()), Err(NotSigned::Forged));
    }
}

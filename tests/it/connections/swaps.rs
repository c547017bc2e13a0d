//! A sealed value opens in its own place and in no other: tried for every pair of a population.

use secrecy::ExposeSecret as _;
use tandem::{
    domain::{CompanyId, ConnectionId},
    vault::{DataKey, MasterKeys, Place, Vault, WrappedKey, key_of},
};

use crate::harness::long;

const COLUMNS: [&str; 4] = [
    "connection.access_token",
    "connection.refresh_token",
    "refresh_attempt.orphan",
    "oauth_state.verifier",
];

struct Sealed {
    company: usize,
    key: usize,
    place: Place<'static>,
    value: Vec<u8>,
}

/// About that many values, each in a place of its own.
fn population(size: usize) -> (Vec<Vec<DataKey>>, Vec<Sealed>) {
    let line = MasterKeys::fresh_line("k1");
    let vault = Vault::new(MasterKeys::parse(&line).unwrap());
    let (companies, connections, generations) = match size {
        0..2_000 => (4, 3, 3),
        _ => (10, 10, 13),
    };
    let mut keys: Vec<Vec<DataKey>> = Vec::new();
    let mut sealed = Vec::new();
    for company in 0..companies {
        let id = CompanyId::fresh();
        // As after a rotation: an old key and a new one.
        let wrapped: [WrappedKey; 2] = std::array::from_fn(|_| vault.new_data_key(id).unwrap());
        keys.push(wrapped.iter().map(|key| vault.open_data_key(id, key).unwrap()).collect());
        for _ in 0..connections {
            let connection_id = ConnectionId::fresh();
            for provider in ["acme", "umbra"] {
                for column in COLUMNS {
                    for generation in 0..generations {
                        let key = usize::from(generation > 0);
                        let place = Place { connection_id, provider, column, generation };
                        let text = format!("token {}", sealed.len());
                        let value = keys[company][key].seal(place, &text).unwrap();
                        sealed.push(Sealed { company, key, place, value });
                    }
                }
            }
        }
    }
    (keys, sealed)
}

#[test]
fn no_two_sealed_values_can_be_exchanged() {
    let size = if long() { 10_000 } else { 288 };
    let (keys, sealed) = population(size);
    let mut refused = 0_u64;
    for (at, here) in sealed.iter().enumerate() {
        for (from, moved) in sealed.iter().enumerate() {
            // Whoever reads takes the key that the header names, of the own company only.
            let named = key_of(&moved.value).unwrap();
            let own = &keys[here.company];
            let key = own.iter().find(|key| key.dek_id() == named);
            // And a forger may put the own key's id into the header.
            let forged = [&moved.value[..1], &here.value[1..17], &moved.value[17..]].concat();
            let direct = key.map(|key| key.open(here.place, &moved.value));
            if at == from {
                let text = direct.unwrap().unwrap();
                assert_eq!(text.expose_secret(), format!("token {at}"));
                continue;
            }
            assert!(direct.is_none_or(|opened| opened.is_err()), "{from} opens at {at}");
            assert!(own[here.key].open(here.place, &forged).is_err(), "{from} opens at {at}");
            refused += 1;
        }
    }
    println!("{refused} exchanges of {} values refused", sealed.len());
    assert!(refused >= 80_000, "only {refused}");
}

//! Telephone numbers that exist in their country's plan, written the way people write them.
//!
//! The number is drawn first, so its E.164 form is known; a notation only dresses it.

use std::borrow::Cow;

use super::super::accounts::Country;
use super::{dice::Dice, persons::Entry};

/// What stands in a phone field that holds no number.
static JUNK: &[&str] = &[
    "",
    "n/a",
    "-",
    "unbekannt",
    "siehe Notiz",
    "12",
    "+49",
    "0",
    "ask reception",
    "☎️ later",
    "+49 30 CALL ME",
];

impl Country {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::De => "49",
            Self::At => "43",
            Self::Ch => "41",
            Self::Us => "1",
            Self::Gb => "44",
            Self::Fr => "33",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::De => "Germany",
            Self::At => "Austria",
            Self::Ch => "Switzerland",
            Self::Us => "United States",
            Self::Gb => "United Kingdom",
            Self::Fr => "France",
        }
    }

    pub(crate) const fn iso(self) -> &'static str {
        match self {
            Self::De => "DE",
            Self::At => "AT",
            Self::Ch => "CH",
            Self::Us => "US",
            Self::Gb => "GB",
            Self::Fr => "FR",
        }
    }

    /// The national number of the n-th subscriber: area and rest. No two are the same
    /// up to the third million.
    fn number(self, n: u64) -> (String, String) {
        match self {
            Self::De => ("151".into(), format!("{:08}", n * 7_919 % 100_000_000)),
            Self::At => ("664".into(), format!("{:07}", n * 7_919 % 10_000_000)),
            Self::Ch => ("79".into(), format!("{:07}", n * 7_919 % 10_000_000)),
            Self::Fr => ("6".into(), format!("{:08}", 10_000_000 + n * 7_919 % 60_000_000)),
            // 7400 to 7403 are all assigned.
            Self::Gb => {
                let n = n % 4_000_000;
                (format!("740{}", n / 1_000_000), format!("{:06}", n % 1_000_000))
            }
            // An exchange starts with 2 to 9 and must not end in 11.
            Self::Us => {
                let area = ["212", "415", "646"][usize::try_from(n / 1_000_000 % 3).unwrap_or(0)];
                let n = n % 1_000_000;
                (
                    area.into(),
                    format!("{}{:02}{:04}", 2 + n / 200_000, n / 10_000 % 20 + 20, n % 10_000),
                )
            }
        }
    }
}

/// The n-th subscriber's number in a phone field of a company that sits in `home`.
///
/// `subscriber` decides the country and belongs to the number; `dice` decides the notation
/// and belongs to the record.
pub(crate) fn entry(home: Country, n: u64, subscriber: &mut Dice, dice: &mut Dice) -> Entry {
    let country = if subscriber.permille(700) {
        home
    } else {
        *subscriber.pick(&[
            Country::De,
            Country::At,
            Country::Ch,
            Country::Us,
            Country::Gb,
            Country::Fr,
        ])
    };
    let (area, rest) = country.number(n);
    let e164 = format!("+{}{area}{rest}", country.code());
    let value = dress(country, home, &area, &rest, dice);
    Entry {
        value: Some(value),
        label: Cow::Borrowed(*dice.pick(&["work", "mobile", "home", "other"])),
        primary: true,
        e164: Some(e164),
    }
}

/// A field that holds something, but no number.
pub(crate) fn junk(dice: &mut Dice) -> Entry {
    let value = (*dice.pick(JUNK)).to_owned();
    Entry { value: Some(value), label: Cow::Borrowed("work"), primary: true, e164: None }
}

/// The same subscriber in one of ten notations.
fn dress(country: Country, home: Country, area: &str, rest: &str, dice: &mut Dice) -> String {
    let code = country.code();
    let (left, right) = rest.split_at(rest.len() / 2);
    // In the US a national number has no trunk digit, and abroad is dialled with 011.
    let trunk = if country == Country::Us { "" } else { "0" };
    let exit = if home == Country::Us { "011" } else { "00" };
    let at_home = country == home;
    match dice.below(10) {
        1 => format!("+{code} {area} {left} {right}"),
        2 if country == Country::Us => format!("+1 ({area}) {}-{}", &rest[..3], &rest[3..]),
        2 => format!("+{code} (0){area} {rest}"),
        3 if !at_home || country != Country::Us => format!("{exit}{code} {area} {rest}"),
        4 if at_home => format!("{trunk}{area}/{rest}"),
        5 if at_home => format!("{trunk}{area}-{left}-{right}"),
        6 if at_home => format!("({trunk}{area}) {left} {right}"),
        7 => format!("+{code} {area} {rest} ext. {}", 10 + dice.below(90)),
        8 => format!("+{code}.{area}.{left}.{right}"),
        9 => format!("Tel: +{code} {area} {rest}"),
        _ => format!("+{code}{area}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_exist_in_their_countrys_plan_and_none_is_given_twice() {
        let mut seen = std::collections::HashSet::new();
        for country in
            [Country::De, Country::At, Country::Ch, Country::Us, Country::Gb, Country::Fr]
        {
            for n in (0..1_000_000).step_by(997) {
                let (area, rest) = country.number(n);
                let e164 = format!("+{}{area}{rest}", country.code());
                let parsed = rlibphonenumber::PHONE_NUMBER_UTIL.parse(&e164, None).unwrap();
                assert!(parsed.is_valid(), "{e164}");
                assert!(seen.insert(e164));
            }
        }
    }
}

//! Telephone numbers that exist in their country's plan, written the way people write them.

use super::super::super::stage::dice::Dice;

/// What stands in a phone field that holds no number.
pub(crate) static JUNK: &[&str] = &["n/a", "-", "unbekannt", "siehe Notiz", "12", "ask reception"];

/// The n-th subscriber's number: as dialled from anywhere, and as somebody wrote it. No two are the
/// same up to the fifth million.
pub(crate) fn number(n: u64, dice: &mut Dice) -> (String, String) {
    // Germany, Austria, Switzerland.
    let (code, area, rest) = match n % 10 {
        0..7 => ("49", "151", format!("{:08}", n * 7_919 % 100_000_000)),
        7..9 => ("43", "664", format!("{:07}", n * 7_919 % 10_000_000)),
        _ => ("41", "79", format!("{:07}", n * 7_919 % 10_000_000)),
    };
    let (left, right) = rest.split_at(rest.len() / 2);
    let written = match dice.below(6) {
        0 => format!("+{code} {area} {left} {right}"),
        1 => format!("+{code} (0){area} {rest}"),
        2 => format!("00{code} {area} {rest}"),
        3 => format!("+{code}.{area}.{left}.{right}"),
        4 => format!("+{code}-{area}-{left}-{right}"),
        _ => format!("+{code}{area}{rest}"),
    };
    (format!("+{code}{area}{rest}"), written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_exist_in_their_countrys_plan_and_none_is_given_twice() {
        let mut seen = std::collections::HashSet::new();
        let mut dice = Dice::new(1, 2, 3);
        for n in (0..1_000_000).step_by(499) {
            let (e164, written) = number(n, &mut dice);
            let parsed = rlibphonenumber::PHONE_NUMBER_UTIL.parse(&e164, None).unwrap();
            assert!(parsed.is_valid(), "{e164} written {written}");
            assert!(seen.insert(e164));
        }
    }
}

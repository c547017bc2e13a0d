//! Phone numbers as identifiers: E.164, or nothing.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, enums::Region};

/// Reads a number as people and CRMs write it; `country` (ISO 3166 alpha-2) is where a number
/// without a country code belongs. `None` when it reaches nobody.
pub fn e164(raw: &str, country: &str) -> Option<String> {
    // Longer texts are notes, and the parser's cost grows with them.
    if raw.len() > 60 || raw.bytes().filter(u8::is_ascii_digit).count() < 6 {
        return None;
    }
    let region = Region::from_code(country).ok();
    let number = PHONE_NUMBER_UTIL.parse(raw.trim(), region).ok()?;
    // E.164 has no extension: a desk behind a switchboard is reached through the number itself.
    number.is_valid().then(|| number.format_as(PhoneNumberFormat::E164).into_owned())
}

#[cfg(test)]
mod tests {
    use super::e164;

    #[test]
    fn notation_does_not_make_a_second_number() {
        for raw in [
            "030 901820",
            "+49 30 901820",
            "0049 30 901820",
            "(030) 901820",
            "+49 (0)30 901820",
            "030/901820",
            "tel:+49-30-901820",
        ] {
            assert_eq!(e164(raw, "DE").as_deref(), Some("+4930901820"), "{raw}");
        }
    }

    #[test]
    fn an_extension_is_not_part_of_the_number() {
        assert_eq!(e164("+1 650 253 0000 ext. 12", "US").as_deref(), Some("+16502530000"));
    }

    #[test]
    fn what_reaches_nobody_identifies_nobody() {
        for raw in ["", "-", "n/a", "0", "12345", "call me", "+49", "00000000000"] {
            assert_eq!(e164(raw, "DE"), None, "{raw}");
        }
    }
}

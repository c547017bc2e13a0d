//! Record ids: fifteen characters that depend on case, and three that make them safe without it.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The id of the `number`-th record of a kind, as the API writes it. Ids ascend with numbers.
pub(crate) fn id(prefix: &str, instance: &str, number: u64) -> String {
    let mut digits = [b'0'; 9];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(rest % 62).unwrap_or(0)];
        rest /= 62;
    }
    let mut text = format!("{prefix}{instance}0");
    text.extend(digits.map(char::from));
    let checks = checks(text.as_bytes());
    text.extend(checks.map(char::from));
    text
}

/// One check per five characters: which of them are capitals.
fn checks(fifteen: &[u8]) -> [u8; 3] {
    [0, 1, 2].map(|part| {
        let of = &fifteen[part * 5..part * 5 + 5];
        let bits = of
            .iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_uppercase())
            .fold(0, |bits, (at, _)| bits | 1 << at);
        CHECKS[bits]
    })
}

/// An id taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) number: u64,
}

/// Reads fifteen or eighteen characters; `None` for what has not the form of an id.
pub(crate) fn parse(text: &str) -> Option<Parts<'_>> {
    if !matches!(text.len(), 15 | 18) || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let fifteen = &text[..15];
    if text.len() == 18 && !text[15..].bytes().eq(checks(fifteen.as_bytes())) {
        return None;
    }
    let number = fifteen[6..].bytes().try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        Some(number * 62 + u64::try_from(digit).ok()?)
    })?;
    Some(Parts { prefix: &fifteen[..3], instance: &fifteen[3..5], number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_in_both_lengths_and_a_wrong_check_does_not() {
        for number in [1, 61, 62, 1_000_000, 13_537_086_546_263_551] {
            let text = id("003", "Hn", number);
            let parts = Parts { prefix: "003", instance: "Hn", number };
            assert_eq!((text.len(), parse(&text)), (18, Some(parts)));
            assert_eq!(parse(&text[..15]), Some(parts));
        }
        // The vendor's own example.
        assert_eq!(checks(b"001A0000006Vm9u"), *b"IAC");
        let other = id("003", "Hn", 10).replace("HnA", "HnB");
        assert_eq!(parse(&format!("{}AAB", &other[..15])), None);
        assert_eq!((parse("' OR Id != '"), parse("")), (None, None));
    }

    #[test]
    fn ids_ascend_with_their_numbers() {
        let ids: Vec<_> = (0..5_000).map(|number| id("003", "Hn", number * 7)).collect();
        assert!(ids.is_sorted());
    }
}

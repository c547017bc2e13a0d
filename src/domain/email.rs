//! E-mail addresses as identifiers.

/// An address that can be compared: trimmed, lower-cased, well-formed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

impl Email {
    /// Reads an address as people and CRMs write it; `None` when it cannot be one.
    ///
    /// Case is dropped in the local part too: RFC 5321 allows a difference there, no mail system in
    /// use makes one, and a duplicate costs more than the theory.
    pub fn parse(raw: &str) -> Option<Self> {
        let bare = raw.trim().trim_matches(['<', '>', ',', ';', '"', '\'']).trim();
        let bare = match bare.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &bare[7..],
            _ => bare,
        };
        let address = bare.trim_end_matches('.').to_lowercase();
        let (_, domain) = address.rsplit_once('@')?;
        // A dotless domain is a typo or an intranet: it identifies nobody.
        let routable = domain.contains('.') && !domain.contains("..") && !domain.starts_with('[');
        let well_formed = address.len() <= 254
            && !address.contains(char::is_whitespace)
            && email_address::EmailAddress::is_valid(&address);
        (routable && well_formed).then_some(Self(address))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Email;

    fn read(raw: &str) -> Option<String> {
        Email::parse(raw).map(Email::into_string)
    }

    #[test]
    fn spelling_does_not_make_a_second_person() {
        for raw in [
            "Ada@Example.com",
            " ada@example.com ",
            "<ADA@EXAMPLE.COM>",
            "mailto:ada@example.com",
            "ada@example.com.",
        ] {
            assert_eq!(read(raw).as_deref(), Some("ada@example.com"), "{raw}");
        }
    }

    #[test]
    fn what_is_no_address_identifies_nobody() {
        for raw in [
            "",
            " ",
            "-",
            "n/a",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "a b@c.de",
            "ada@@x.de",
            "ada@x..de",
            "a@b.de, c@d.de",
        ] {
            assert_eq!(read(raw), None, "{raw}");
        }
    }
}

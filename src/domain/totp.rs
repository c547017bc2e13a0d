//! Codes of an authenticator app (RFC 6238): which time step a code is of.

use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

/// What every authenticator app calls us.
const ISSUER: &str = "Tandem";

/// A secret that an authenticator shares with us, in base32 as people type it.
pub struct TotpSecret(Zeroizing<String>);

impl TotpSecret {
    /// 160 random bits, as RFC 4226 recommends.
    pub fn fresh() -> Self {
        let bits = Zeroizing::new(rand::random::<[u8; 20]>());
        Self(Zeroizing::new(Secret::from(bits.as_slice()).to_base32()))
    }

    /// As it was kept.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::try_from_base32(text).ok()?;
        Some(Self(Zeroizing::new(text.to_owned())))
    }

    /// For whoever sets the authenticator up, and for sealing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What a QR code says to an authenticator app.
    pub fn address(&self, account: &str) -> Option<Zeroizing<String>> {
        self.totp(account)?.to_url().ok().map(Zeroizing::new)
    }

    /// The step whose code this is: that of now, or one beside it, because clocks differ. Steps grow
    /// with time; whoever keeps the newest used one refuses a code that was seen before.
    pub fn step(&self, code: &str, unix_seconds: i64) -> Option<i64> {
        let digits: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let step = self.totp(ISSUER)?.check(&digits, u64::try_from(unix_seconds).ok()?)?;
        i64::try_from(step).ok()
    }

    /// The code of this moment: what an authenticator would show.
    pub fn code(&self, unix_seconds: i64) -> Option<String> {
        let totp = self.totp(ISSUER)?;
        Some(totp.generate(u64::try_from(unix_seconds).ok()?).to_string())
    }

    fn totp(&self, account: &str) -> Option<Totp> {
        // SHA-1, six digits, 30 seconds, one step of skew: what every app reads, and the defaults.
        Builder::new()
            .with_secret(Secret::try_from_base32(self.0.as_str()).ok()?)
            .with_skew(1)
            // A colon would end the issuer.
            .with_account_name(account.replace(':', "."))
            .with_issuer(Some(ISSUER))
            .build()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret `12345678901234567890` and SHA-1, the last six digits.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::parse(SECRET).unwrap();
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code(time).unwrap(), code);
            assert_eq!(secret.step(code, time), Some(time / 30));
        }
    }

    #[test]
    fn a_clock_may_be_half_a_minute_off_and_no_more() {
        let secret = TotpSecret::parse(SECRET).unwrap();
        let (now, code) = (1_111_111_109, "081804");
        for off in [-30, 0, 30] {
            assert_eq!(secret.step(code, now + off), Some(now / 30), "{off}");
        }
        for off in [-90, 90, 3_600] {
            assert_eq!(secret.step(code, now + off), None, "{off}");
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        let secret = TotpSecret::parse(SECRET).unwrap();
        assert_eq!(secret.step("287 082", 59), Some(1));
        for code in ["", "28708", "2870822", "28708a", "-87082", "２８７０８２", "287082\0"] {
            assert_eq!(secret.step(code, 59), None, "{code:?}");
        }
        assert!(TotpSecret::parse("not base32!").is_none());
    }

    #[test]
    fn an_authenticator_is_told_who_and_where() {
        let secret = TotpSecret::fresh();
        let address = secret.address("anna:x@example.com").unwrap();
        assert!(address.starts_with("otpauth://totp/Tandem:anna.x%40example.com?"), "{}", *address);
        assert!(address.contains(&format!("secret={}", secret.reveal())));
        assert!(address.contains("issuer=Tandem"));
        assert_ne!(TotpSecret::fresh().reveal(), secret.reveal());
    }
}

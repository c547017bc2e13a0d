//! `/api/auth/second-factor`: codes of an authenticator app beside the password.

use chrono::{DateTime, Utc};
use poem::{Request, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};

use crate::{
    domain::RecoveryCode,
    flows::{
        SharedHub,
        second_factor::{self, SecondFactorError},
        sign_in::SignInError,
    },
    http::{ApiError, FieldProblem, Tag, client_address, once::Once, session::BrowserSession},
};

pub(super) struct SecondFactorApi;

#[OpenApi(prefix_path = "/auth/second-factor", tag = "Tag::Accounts")]
impl SecondFactorApi {
    /// Whether you are asked for a code.
    #[oai(path = "/", method = "get", operation_id = "get_second_factor")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
    ) -> Result<Json<StandingView>, ApiError> {
        let standing = second_factor::standing(&hub, session.user_id()).await?;
        Ok(Json(StandingView { since: standing.since, codes_left: standing.codes_left }))
    }

    /// Begin to set an authenticator app up. Nothing is asked for before a first code has confirmed
    /// it.
    #[oai(path = "/", method = "post", operation_id = "begin_second_factor")]
    async fn begin(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        session: BrowserSession,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<PasswordForm>,
    ) -> Result<Json<BegunView>, ApiError> {
        let from = client_address::of(request, &hub.config);
        let user = session.user_id();
        let begun = second_factor::begin(&hub, user, &form.password, &from).await?;
        Ok(Json(BegunView {
            secret: begun.secret.reveal().to_owned(),
            address: begun.address.to_string(),
        }))
    }

    /// Turn it on, with a code that the authenticator shows. The recovery codes are shown this once.
    #[oai(path = "/confirm", method = "post", operation_id = "confirm_second_factor")]
    async fn confirm(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<CodeForm>,
    ) -> Result<Json<RecoveryCodes>, ApiError> {
        let codes = second_factor::confirm(&hub, session.user_id(), &form.code).await?;
        Ok(Json(codes.into()))
    }

    /// New recovery codes; the old ones count no more. They are shown this once.
    #[oai(path = "/recovery-codes", method = "post", operation_id = "renew_recovery_codes")]
    async fn renew(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<CodeForm>,
    ) -> Result<Json<RecoveryCodes>, ApiError> {
        let codes = second_factor::renew_codes(&hub, session.user_id(), &form.code).await?;
        Ok(Json(codes.into()))
    }

    /// Turn it off, with the password and a code.
    #[oai(path = "/disable", method = "post", operation_id = "end_second_factor")]
    async fn end(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        session: BrowserSession,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<BothForm>,
    ) -> Result<Off, ApiError> {
        let from = client_address::of(request, &hub.config);
        let both = (form.password.as_str(), form.code.as_str());
        second_factor::end(&hub, session.user_id(), both, &from).await?;
        Ok(Off::Off)
    }
}

#[derive(Object)]
#[oai(rename = "SecondFactor")]
struct StandingView {
    /// `null`: only the password is asked for.
    since: Option<DateTime<Utc>>,
    /// Recovery codes that were not used.
    codes_left: u64,
}

#[derive(Object)]
#[oai(rename = "OwnPassword")]
struct PasswordForm {
    password: String,
}

#[derive(Object)]
#[oai(rename = "Code")]
struct CodeForm {
    /// Of the authenticator, or a recovery code.
    code: String,
}

#[derive(Object)]
#[oai(rename = "PasswordAndCode")]
struct BothForm {
    password: String,
    /// Of the authenticator, or a recovery code.
    code: String,
}

#[derive(Object)]
#[oai(rename = "NewSecondFactor")]
struct BegunView {
    /// In base32, to be typed where no QR code can be read.
    secret: String,
    /// What the QR code says (`otpauth:`).
    address: String,
}

#[derive(Object)]
struct RecoveryCodes {
    /// Each lets you in once.
    codes: Vec<String>,
}

impl From<Vec<RecoveryCode>> for RecoveryCodes {
    fn from(codes: Vec<RecoveryCode>) -> Self {
        Self { codes: codes.iter().map(|code| code.reveal().to_string()).collect() }
    }
}

#[derive(ApiResponse)]
enum Off {
    /// Only the password is asked for.
    #[oai(status = 204)]
    Off,
}

/// Who is signed in stays so: a wrong password or code is a wrong field here.
impl From<SecondFactorError> for ApiError {
    fn from(error: SecondFactorError) -> Self {
        let wrong =
            |field: &str, words: &str| Self::invalid_fields(vec![FieldProblem::new(field, words)]);
        match error {
            SecondFactorError::AlreadyOn => {
                Self::conflict("conflict", "There is a second factor already. Turn it off first.")
            }
            SecondFactorError::Off => {
                Self::conflict("conflict", "There is no second factor. Begin to set one up first.")
            }
            SecondFactorError::SignIn(SignInError::Wrong) => {
                wrong("password", "This is not your password.")
            }
            SecondFactorError::SignIn(SignInError::WrongCode | SignInError::CodeNeeded) => {
                wrong("code", "This code does not count. Each counts once: wait for the next one.")
            }
            SecondFactorError::SignIn(error) => error.into(),
            SecondFactorError::Vault(error) => Self::internal(&error),
            SecondFactorError::Db(error) => error.into(),
        }
    }
}

//! `/api/billing`: the plans, the way to pay for one, and the built-in test biller. What Stripe tells by
//! itself arrives at [`webhook`].

mod refusals;
mod view;
pub(super) mod webhook;

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};

use crate::{
    flows::{
        SharedHub,
        billing::{Wish, checkout, portal, read},
        plan,
    },
    http::{ApiError, FieldProblem, Session, Tag, once::Once},
    policy::{Action, Plan},
};

use view::BillingView;

pub(super) struct BillingApi;

#[OpenApi(prefix_path = "/billing", tag = "Tag::Billing")]
impl BillingApi {
    /// The plans, the company's, what it uses, and to owners how it is paid.
    #[oai(path = "/", method = "get", operation_id = "billing")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<BillingView>, ApiError> {
        Ok(Json(BillingView::load(&hub, &session).await?))
    }

    /// Change the plan with the test biller, which exists in development and in the demo only, and only as
    /// long as Stripe is not set up. A smaller plan pauses the connections it does not include.
    #[oai(path = "/plan", method = "post", operation_id = "change_plan")]
    async fn change(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<PlanForm>,
    ) -> Result<Json<BillingView>, ApiError> {
        session.may(Action::ChangePlan)?;
        plan::change(&hub, session.place(), form.plan).await?;
        Ok(Json(BillingView::load(&hub, &session).await?))
    }

    /// The address at which a plan is paid for, or a change of what is paid is confirmed. Going there and
    /// coming back changes nothing: the plan follows when Stripe has said that it is paid.
    #[oai(path = "/checkout", method = "post", operation_id = "begin_checkout")]
    async fn checkout(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<CheckoutForm>,
    ) -> Result<Json<Redirection>, ApiError> {
        session.may(Action::ChangePlan)?;
        let wish = Wish { plan: form.plan, from: form.task()? };
        let url = checkout::begin(&hub, session.place(), &wish).await?;
        Ok(Json(Redirection { url }))
    }

    /// The address of the customer portal: cards, invoices, and the end of a subscription.
    #[oai(path = "/portal", method = "post", operation_id = "open_portal")]
    async fn portal(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Json<Redirection>, ApiError> {
        session.may(Action::ChangePlan)?;
        let url = portal::open(&hub, session.company_id()).await?;
        Ok(Json(Redirection { url }))
    }

    /// Have Stripe asked again what the company pays, where its message is late. `GET` shows what came of it.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh_billing")]
    async fn refresh(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Asked, ApiError> {
        session.may(Action::ChangePlan)?;
        read::again(&hub, session.company_id()).await?;
        Ok(Asked::Soon)
    }
}

#[derive(ApiResponse)]
enum Asked {
    /// It is being asked.
    #[oai(status = 202)]
    Soon,
}

#[derive(Object)]
#[oai(rename = "ChangePlan")]
struct PlanForm {
    plan: Plan,
}

#[derive(Object)]
#[oai(rename = "BeginCheckout")]
struct CheckoutForm {
    plan: Plan,
    /// What was interrupted, in words of the page that sends it: it comes back with the browser.
    from: Option<String>,
}

impl CheckoutForm {
    /// It ends up in an address of ours: a word and nothing else.
    fn task(&self) -> Result<Option<String>, ApiError> {
        let fits = |word: &str| {
            (1..=64).contains(&word.len())
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        match &self.from {
            Some(word) if !fits(word) => Err(ApiError::invalid_fields(vec![FieldProblem::new(
                "from",
                "A word of 1 to 64 letters, digits and hyphens.",
            )])),
            word => Ok(word.clone()),
        }
    }
}

/// Where to send the browser.
#[derive(Object)]
struct Redirection {
    url: String,
}

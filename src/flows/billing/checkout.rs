//! The way to another plan: to Checkout for whoever pays nothing yet, otherwise to the portal, which changes
//! what is paid. Nothing here changes the plan.

use serde_json::json;

use super::{
    Biller, BillingError, Wish,
    entitlement::{self, Status},
    page, read,
};
use crate::{
    db::{self, Scope, billing::Subscription},
    flows::{Hub, sign_in::Place},
    outside::stripe::{Checkout, Errand, NewCheckout, StripeError},
    policy::{self, Plan, Thing},
};

/// What is known before Stripe is asked.
struct Standing {
    plan: Plan,
    company: String,
    customer: Option<String>,
    stored: Vec<Subscription>,
}

/// The address to send the browser to.
pub async fn begin(hub: &Hub, by: Place, wish: &Wish) -> Result<String, BillingError> {
    let biller = hub.payee()?;
    let standing = standing(hub, biller, by, wish).await?;
    let pays = entitlement::alive(&standing.stored).next().is_some();
    match standing.customer.as_deref().filter(|_| pays) {
        Some(customer) => change(hub, biller, &standing, customer, wish).await,
        None => buy(hub, biller, &standing, by, wish).await,
    }
}

async fn standing(
    hub: &Hub,
    biller: &Biller,
    by: Place,
    wish: &Wish,
) -> Result<Standing, BillingError> {
    let livemode = biller.stripe.is_live();
    let mut tx = hub.db.tenant_reading(by.company_id, Scope::All).await?;
    let plan = db::companies::plan(&mut tx).await?;
    let members = db::members::count(&mut tx).await?;
    let company = db::companies::settings(&mut tx).await?.name;
    let account = db::billing::account(&mut tx, livemode).await?;
    let stored = db::billing::subscriptions(&mut tx, livemode).await?;
    tx.commit().await?;
    // Told before somebody pays; whoever ends a subscription at Stripe keeps the members, see `put_on`.
    if let Some(seats) = policy::limit(wish.plan, Thing::Seats).filter(|&seats| members > seats) {
        return Err(BillingError::Seats { members, seats });
    }
    let customer = account.map(|account| account.customer_id);
    Ok(Standing { plan, company, customer, stored })
}

/// Somebody pays already: the portal asks them to confirm the difference.
async fn change(
    hub: &Hub,
    biller: &Biller,
    standing: &Standing,
    customer: &str,
    wish: &Wish,
) -> Result<String, BillingError> {
    let Some(now) = entitlement::shown(&standing.stored, &biller.prices) else {
        return Err(BillingError::NoSubscription);
    };
    let subscription = now.subscription_id.as_str();
    let price = biller.prices.sold(wish.plan);
    let errand = match (Status::parse(&now.status), wish.plan, &now.item_id) {
        // Whoever owes something, or has paused, settles that first.
        (Some(Status::PastDue | Status::Unpaid | Status::Paused), ..) => Errand::Anything,
        // It ends already: in the portal that can be taken back.
        (_, Plan::Free, _) if now.ends_at.is_some() => Errand::Anything,
        (_, Plan::Free, _) => Errand::Cancel { subscription },
        (_, plan, _) if plan == standing.plan && now.ends_at.is_none() => {
            return Err(BillingError::SamePlan);
        }
        (_, plan, _) if plan == standing.plan => Errand::Anything,
        (_, _, Some(item)) => {
            let price = price.ok_or(BillingError::NotForSale)?;
            Errand::Change { subscription, item, price }
        }
        (_, _, None) => Errand::Anything,
    };
    // An upgrade is in force at once, so the page waits for it; a smaller plan may begin with the next period.
    let back = page(hub, &[("plan", Some(wish.plan.word())), ("from", wish.from.as_deref())]);
    let done = if wish.plan > standing.plan { paid(hub, wish) } else { page(hub, &[]) };
    let attempt = fresh();
    Ok(biller.stripe.create_portal(customer, errand, (&back, &done), &attempt).await?)
}

/// Nobody pays yet.
async fn buy(
    hub: &Hub,
    biller: &Biller,
    standing: &Standing,
    by: Place,
    wish: &Wish,
) -> Result<String, BillingError> {
    if wish.plan == standing.plan {
        return Err(BillingError::SamePlan);
    }
    let price = biller.prices.sold(wish.plan).ok_or(BillingError::NotForSale)?;
    // Of two owners at once one customer is made; an hour later the same question may be asked anew.
    let attempt = format!("{}-{}", by.company_id, hub.clock.now().timestamp() / 3_600);
    let customer = match &standing.customer {
        Some(customer) => customer.clone(),
        None => customer(hub, biller, by, (&standing.company, &attempt)).await?,
    };
    let made = match open(hub, biller, by, wish, (&customer, price)).await {
        // It was deleted over there, or was another account's: nothing of it is paid, see `begin`.
        Err(BillingError::Stripe(StripeError::NoCustomer)) => {
            forget(hub, biller, by, &customer).await?;
            let anew = self::customer(hub, biller, by, (&standing.company, &fresh())).await?;
            open(hub, biller, by, wish, (&anew, price)).await
        }
        made => made,
    }?;

    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    let before = db::billing::swap_checkout(&mut tx, biller.stripe.is_live(), &made.id).await?;
    let detail = json!({ "plan": wish.plan.word() });
    db::audit::append(&mut tx, Some(by.member_id), "billing.checkout", None, &detail).await?;
    tx.commit().await?;
    // One place to pay at is open at a time, so that nobody pays twice.
    if let Some(before) = before
        && !biller.stripe.expire_checkout(&before).await?
        && is_new(hub, biller, by).await?
    {
        biller.stripe.expire_checkout(&made.id).await?;
        read::again(hub, by.company_id).await?;
        return Err(BillingError::UnderWay);
    }
    Ok(made.url)
}

/// Whether what was paid there is not stored yet: somebody who paid last year may pay again.
async fn is_new(hub: &Hub, biller: &Biller, by: Place) -> Result<bool, BillingError> {
    let livemode = biller.stripe.is_live();
    let mut tx = hub.db.tenant_reading(by.company_id, Scope::All).await?;
    let account = db::billing::account(&mut tx, livemode).await?;
    tx.commit().await?;
    let Some(account) = account else { return Ok(false) };
    let there = biller.stripe.subscriptions(&account.customer_id).await?;
    Ok(there.iter().any(|one| Status::parse(&one.status).is_some_and(Status::is_alive)))
}

/// A page to pay at.
async fn open(
    hub: &Hub,
    biller: &Biller,
    by: Place,
    wish: &Wish,
    (customer, price): (&str, &str),
) -> Result<Checkout, BillingError> {
    let (success_url, reference) = (paid(hub, wish), by.company_id.to_string());
    let cancel_url = page(hub, &[("plan", Some(wish.plan.word())), ("from", wish.from.as_deref())]);
    let new = NewCheckout {
        customer,
        price,
        reference: &reference,
        success_url: &success_url,
        cancel_url: &cancel_url,
    };
    Ok(biller.stripe.create_checkout(&new, &fresh()).await?)
}

/// The company as Stripe knows it, from now on.
async fn customer(
    hub: &Hub,
    biller: &Biller,
    by: Place,
    (name, attempt): (&str, &str),
) -> Result<String, BillingError> {
    let reference = by.company_id.to_string();
    let made = biller.stripe.create_customer(&reference, name, attempt).await?;
    let (livemode, now) = (biller.stripe.is_live(), hub.clock.now());
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    let kept = db::billing::keep_customer(&mut tx, livemode, &made, now).await?;
    tx.commit().await?;
    Ok(kept)
}

async fn forget(hub: &Hub, biller: &Biller, by: Place, customer: &str) -> Result<(), BillingError> {
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    db::billing::forget_customer(&mut tx, biller.stripe.is_live(), customer).await?;
    Ok(tx.commit().await?)
}

/// Our page, which waits there until the plan is stored.
fn paid(hub: &Hub, wish: &Wish) -> String {
    let plan = wish.plan.word();
    page(hub, &[("paid", Some("1")), ("plan", Some(plan)), ("from", wish.from.as_deref())])
}

/// Names a try, so that Stripe does it once.
fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

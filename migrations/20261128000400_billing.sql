-- Why: a company pays. What the payment provider last said about its subscriptions is stored here, and the
-- plan follows from that and from nothing else: no redirect, and no content of a webhook.
create table billing_account (
    company_id  uuid not null references company on delete cascade,
    -- Test and live mode are two worlds over there: a key of the one finds nothing of the other.
    livemode    boolean not null,
    customer_id text not null check (length(customer_id) between 1 and 255),
    -- The Checkout session that somebody may still pay at.
    checkout_id text check (length(checkout_id) between 1 and 255),
    -- Questions are numbered when they are asked: what answers an earlier one than the stored answer is old.
    asked       bigint not null default 0,
    answered    bigint not null default 0,
    read_at     timestamptz,
    created_at  timestamptz not null,
    primary key (company_id, livemode),
    constraint billing_account_numbers check (answered <= asked)
);
-- A webhook names a customer and no company. Not unique: unique across companies, one company's row would
-- be an oracle for another's.
create index billing_account_of_customer on billing_account (customer_id);

create table billing_subscription (
    company_id      uuid not null,
    livemode        boolean not null,
    subscription_id text not null check (length(subscription_id) between 1 and 255),
    -- What is paid for; a change of plan names both.
    item_id         text,
    price_id        text,
    -- Their word. One that this version does not know entitles to nothing.
    status          text not null,
    period_end      timestamptz,
    -- When it ends, if somebody has ended it.
    ends_at         timestamptz,
    -- Since when we have seen it unpaid, for the grace.
    past_due_since  timestamptz,
    started_at      timestamptz not null,
    primary key (company_id, livemode, subscription_id),
    foreign key (company_id, livemode) references billing_account on delete cascade,
    constraint billing_subscription_past_due check ((status = 'past_due') = (past_due_since is not null))
);

-- The inbox: an event that is here has had its effect, and does nothing a second time.
create table billing_event (
    company_id  uuid not null,
    livemode    boolean not null,
    event_id    text not null check (length(event_id) between 1 and 255),
    kind        text not null,
    -- By their clock.
    made_at     timestamptz not null,
    received_at timestamptz not null,
    primary key (company_id, livemode, event_id),
    foreign key (company_id, livemode) references billing_account on delete cascade
);

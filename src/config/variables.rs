//! Every variable with a sentence; the README shows this table and a test compares the two.

/// `(name, what it is for)`, in the order of the README.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "TANDEM_ENV",
        "`production` (when unset) or `development`; only the latter has the mailbox page, the test biller and sandboxes.",
    ),
    (
        "TANDEM_PUBLIC_URL",
        "The address people type, without a path; `https` in production. Links in mails and OAuth callbacks start with it.",
    ),
    (
        "TANDEM_LISTEN",
        "Address and port to answer on; `0.0.0.0:8080` in production, `127.0.0.1:8080` in development.",
    ),
    (
        "DATABASE_URL",
        "PostgreSQL 15 or later, as the login role that owns nothing (`tandem_login`); `serve`, `work` and `doctor` refuse a stronger one.",
    ),
    (
        "TANDEM_OWNER_DATABASE_URL",
        "The same database as its owner, for `tandem migrate` alone; never give it to the web or worker processes.",
    ),
    (
        "TANDEM_DATABASE_PATIENCE_SECONDS",
        "How long `serve` and `work` wait at their start for a database that is away, 0 to 86400; 300 when unset.",
    ),
    (
        "REDIS_URL",
        "Redis for budgets and live events shared by all processes; losing it loses no data.",
    ),
    (
        "TANDEM_SINGLE_PROCESS",
        "`true` lets production run without Redis, when one process is all there is.",
    ),
    (
        "TANDEM_MASTER_KEYS_FILE",
        "File with one master key per line, `id:base64 of 32 bytes`; the first seals, all open.",
    ),
    ("TANDEM_MASTER_KEYS", "The same lines in the environment; development only."),
    (
        "TANDEM_SPOOL_DIR",
        "Folder on a volume where a refreshed token waits, sealed, until it is committed, and where processes see each other die; without one a crash in that moment costs a reconnect, and other crashes of a refresh its lease.",
    ),
    (
        "TANDEM_REFRESH_LEASE_SECONDS",
        "How long a process may take to refresh a token before another may, 5 to 600; 50 when unset: 20 for the provider, 10 that callers wait, and a machine that slept for 40 loses nothing.",
    ),
    (
        "SMTP_URL",
        "Mail relay, `smtps://user:password@host` or `smtp://user:password@host:587?tls=required`; production refuses to start without.",
    ),
    ("TANDEM_MAIL_FROM", "Sender of mails, `Tandem <no-reply@example.com>`."),
    (
        "<PROVIDER>_CLIENT_ID",
        "OAuth client id of the app at a CRM, one pair per provider, its name in capitals; without the pair its card says so.",
    ),
    ("<PROVIDER>_CLIENT_SECRET", "OAuth client secret that belongs to it."),
    (
        "TANDEM_CRM_<PROVIDER>_OAUTH_URL",
        "Another server to send people to for consent and to fetch tokens from; development only.",
    ),
    (
        "TANDEM_CRM_<PROVIDER>_API_URL",
        "Another server in place of the CRM's API; development only.",
    ),
    (
        "TANDEM_CRM_LIMIT_FACTOR",
        "Multiplies how many requests a CRM gets in one of its windows, for load tests against a stand-in without limits; `1` when unset; development only.",
    ),
    (
        "STRIPE_SECRET_KEY",
        "Stripe's secret (`sk_`) or restricted (`rk_`) key; with it plans are paid for, without it they cannot be changed in production.",
    ),
    (
        "STRIPE_WEBHOOK_SECRET",
        "Signing secret (`whsec_`) of the webhook endpoint `/api/webhooks/stripe`, of the same mode as the key.",
    ),
    (
        "STRIPE_PRICE_<PLAN>",
        "Price of a plan at Stripe (`price_`), one per plan for sale, its name in capitals; after a comma, older prices that still count.",
    ),
    ("TANDEM_STRIPE_API_URL", "Another server in place of Stripe's API; development only."),
    (
        "TANDEM_RATE_LIMIT_FACTOR",
        "Multiplies how many API requests members and companies may send, for load tests; `1` when unset.",
    ),
    ("TANDEM_DATA_DIR", "Where `tandem demo` keeps its database and mails; `.tandem` when unset."),
    ("TANDEM_LOG", "What to log, as `tracing` directives; `info` when unset."),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Collector for traces over OTLP/HTTP, for instance `http://localhost:4318`; no traces are sent without.",
    ),
    ("TANDEM_METRICS_LISTEN", "A second, private address that answers `/metrics` without a token."),
    (
        "TANDEM_METRICS_TOKEN",
        "Bearer token that opens `/metrics` on the public address; without one it is closed there in production.",
    ),
    (
        "TANDEM_LEASE_SECONDS",
        "How long the jobs of a worker that died stay with it, 2 to 600; 20 when unset.",
    ),
    (
        "TANDEM_WITHOUT_WEBHOOKS",
        "`true` where CRMs cannot call `TANDEM_PUBLIC_URL`: they are not asked to tell of changes, which are then read every `TANDEM_POLL_MINUTES`.",
    ),
    (
        "TANDEM_POLL_MINUTES",
        "How often a CRM that does not tell of changes is asked for them, in minutes, 0 to 1440; 15 when unset, and 0 is never. One that tells is asked every 6 hours all the same.",
    ),
    (
        "TANDEM_CRM_TIMEOUT_SECONDS",
        "How long a CRM may take for one whole answer, 1 to 120; 30 when unset.",
    ),
    (
        "TANDEM_UNKNOWN_SECONDS",
        "How long something that was sent without an answer is looked for at the CRM before it is sent again, 1 to 3600; 120 when unset. Longer than the CRM may take to show what it did.",
    ),
    (
        "TANDEM_FAILPOINT",
        "Where this process dies, `NAME=N` as in `src/failpoint.rs`, for tests of crashes; debug builds only, a release build has no such places.",
    ),
    (
        "FLY_APP_NAME",
        "Set by Fly.io: the visitor's address is then taken from `Fly-Client-IP`, otherwise from the connection.",
    ),
];

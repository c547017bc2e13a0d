-- Why: an install that begins at a CRM's marketplace comes back with a code and no state, so no company
-- is known. Its tokens wait here for ten minutes, sealed, for a person of the same browser who says
-- where they belong. And: who else of a connected account has installed the app, and when a CRM said
-- that it was uninstalled.
create table pending_installation (
    installation_id  uuid primary key,
    -- SHA-256 of the browser's cookie.
    browser_hash     bytea not null check (length(browser_hash) = 32),
    provider         text not null,
    -- The account and its user, as the provider tells with the token itself. Everything down to the
    -- scopes goes when the installation ends.
    account_id       text,
    account_name     text,
    account_domain   text,
    account_country  text,
    account_user_id  text,
    account_user     text,
    account_admin    boolean,
    api_base         text,
    granted_scopes   text[],
    -- Sealed under a key that is derived from the master key named here, for this row alone.
    access_token     bytea,
    refresh_token    bytea,
    master_id        text,
    token_expires_at timestamptz,
    created_at       timestamptz not null,
    expires_at       timestamptz not null,
    -- Whoever confirms or revokes holds it until then.
    lease_until      timestamptz,
    -- Tries to give the grant of an expired one back.
    attempts         int not null default 0,
    ended            text check (ended in ('used', 'expired', 'declined', 'uninstalled')),
    -- What has ended keeps how it ended, for its browser, and nothing of anybody.
    constraint pending_installation_ends_empty check (case
        when ended is null then access_token is not null and master_id is not null
                                and account_id is not null and account_user_id is not null
        else num_nonnulls(account_id, account_name, account_domain, account_country, account_user_id,
                          account_user, account_admin, api_base, granted_scopes, access_token,
                          refresh_token, master_id, token_expires_at) = 0
    end)
);
create unique index pending_installation_of_browser on pending_installation (browser_hash);
create index pending_installation_due on pending_installation (expires_at) where ended is null;

-- Users of the connected account, other than the one whose access the connection has, who installed
-- the app too. Without tokens.
create table connection_installer (
    company_id      uuid not null,
    connection_id   uuid not null,
    account_user_id text not null,
    account_user    text,
    installed_at    timestamptz not null,
    primary key (company_id, connection_id, account_user_id),
    foreign key (company_id, connection_id) references connection on delete cascade
);

alter table connection add column uninstalled_at timestamptz;
-- An uninstall names an account and no company.
create index connection_of_account on connection (provider, account_id);

-- Why: a password that leaked opens nothing by itself where somebody has a second factor, and whoever
-- looks after the own sessions must be able to tell them apart.
create table second_factor (
    user_id      uuid primary key references app_user on delete cascade,
    -- Sealed by the vault, under a key of its own that is derived from the master key named beside it.
    secret       bytea not null,
    master_id    text not null,
    -- Null until a code has shown that the authenticator has the secret.
    confirmed_at timestamptz,
    -- The time step of the newest code that was used: none of it or before it counts again.
    last_step    bigint not null default 0,
    created_at   timestamptz not null
);

create table recovery_code (
    user_id   uuid not null references app_user on delete cascade,
    -- SHA-256 of the code, which has 80 random bits; a used one is gone.
    code_hash bytea not null check (length(code_hash) = 32),
    primary key (user_id, code_hash)
);

alter table session
    -- Names a session without being able to open it.
    add column session_id uuid not null default gen_random_uuid(),
    -- What its browser says it is, in a few words.
    add column agent text check (length(agent) <= 60);

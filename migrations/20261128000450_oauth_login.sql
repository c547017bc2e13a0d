-- Where a consent was sent to, when a provider has several places to sign in: the code is traded there.
alter table oauth_state add column login text check (length(login) <= 300);

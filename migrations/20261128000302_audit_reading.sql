-- Why: whoever reads the log asks what somebody did, or where a kind of thing was done; both read from
-- the newest row on, however long the log is.
create index audit_log_by_member on audit_log (company_id, member_id, audit_id);
create index audit_log_by_action on audit_log (company_id, action, audit_id);

-- Why: what members have done at a CRM (a task, a call, a note, a deal, a change of a person) is a delivery
-- like any other. What it is stands in its row, in our words; the CRM's words come when it is sent.
alter table delivery add column action jsonb;
alter table delivery drop constraint delivery_kind_check;
alter table delivery add constraint delivery_kind_check check
    (kind in ('warm_lead', 'activity_create', 'activity_update', 'activity_delete', 'action'));
alter table delivery add constraint delivery_action_check
    check ((kind = 'action') = (action is not null));
-- Records that actions left: another attempt's look must not take one for its own.
create index delivery_of_action on delivery (company_id, connection_id, remote_id)
    where kind = 'action';

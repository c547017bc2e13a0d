-- Why: an edit or a deletion whose answer was lost is done again without a look, for twice is the same.
-- The log called that 'absent', as if somebody had looked.
alter table delivery_attempt drop constraint delivery_attempt_outcome_check;
alter table delivery_attempt add constraint delivery_attempt_outcome_check check (outcome in
    ('sending', 'done', 'found', 'absent', 'unsettled', 'refused', 'not_sent', 'unknown'));

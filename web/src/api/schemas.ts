// Every API type the app uses passes through here, so that a renamed schema is one line to change.
import type { components } from './schema';

type Schemas = components['schemas'];

export type ProblemBody = Schemas['Problem'];
export type Session = Schemas['Session'];
export type Contact = Schemas['Contact'];
export type ContactPage = Schemas['ContactPage'];
export type ContactPatch = Schemas['ContactPatch'];
export type NewContact = Schemas['NewContact'];
export type LinkedRecord = Schemas['LinkedRecord'];
export type Member = Schemas['Member'];
export type ProviderStatus = Schemas['ProviderStatus'];
export type Connection = NonNullable<ProviderStatus['connection']>;
export type Budget = Schemas['Budget'];
export type BudgetLedger = Schemas['BudgetLedger'];
export type DayUse = Schemas['DayUse'];
export type Purpose = Schemas['BudgetPurpose'];
export type CostForecast = Schemas['CostForecast'];
export type RemotePerson = Schemas['RemotePerson'];
export type RemotePersonPage = Schemas['RemotePersonPage'];
export type Comparison = Schemas['Comparison'];
export type Run = Schemas['Run'];
export type RunState = Run['state'];
export type RunCounts = Schemas['RunCounts'];
export type RunMode = Schemas['SyncMode'];
export type Entry = Schemas['Entry'];
export type Outcome = Entry['outcome'];
export type Billing = Schemas['Billing'];
export type Plan = Billing['plans'][number];
export type PlanId = Plan['id'];
export type Mail = Schemas['Mail'];

export type Action = Session['may'][number];

// PROVISIONAL
type MemberRef = Schemas['MemberRef'];
export type ActivityKind = 'CALL' | 'EMAIL' | 'MEETING' | 'LINKEDIN' | 'REFERRAL' | 'CONFERENCE';
export type ActivityCopy = {
  provider: string;
  provider_name: string;
  synced: boolean;
  remote_id?: string | null;
  url?: string | null;
  last_synced_at?: string | null;
  delivery?: { id: string; state: DeliveryState; cause?: Cause | null; reason?: string | null } | null;
};
export type Activity = {
  id: string;
  contact: { id: string; full_name?: string | null };
  member?: MemberRef | null;
  kind: ActivityKind;
  subject?: string | null;
  title: string;
  note: string;
  note_cut: boolean;
  due_at: string;
  has_time: boolean;
  duration_minutes?: number | null;
  done: boolean;
  created_at: string;
  updated_at: string;
  copies: ActivityCopy[];
};
export type ActivityPage = { items: Activity[]; next_cursor?: string | null };
export type NewActivity = {
  contact_id: string;
  kind: ActivityKind;
  subject?: string | null;
  note?: string | null;
  due_at?: string | null;
  has_time?: boolean | null;
  duration_minutes?: number | null;
  done?: boolean | null;
};
export type ActivityPatch = Partial<Omit<NewActivity, 'contact_id'>>;
export type DeliveryState =
  | 'queued'
  | 'held'
  | 'sending'
  | 'delivered'
  | 'retrying'
  | 'unknown'
  | 'failed'
  | 'dead';
export type DeliveryKind = 'warm_lead' | 'activity_create' | 'activity_update' | 'activity_delete';
export type Cause =
  | 'plan'
  | 'paused'
  | 'reconnect'
  | 'down'
  | 'throttled'
  | 'suspended'
  | 'uncertain'
  | 'refused'
  | 'scope'
  | 'ambiguous'
  | 'not_linked'
  | 'gone'
  | 'withdrawn'
  | 'disconnected'
  | 'gave_up'
  | 'internal';
export type Objection = { field?: string | null; words: string };
export type Candidate = { remote_id: string; name?: string | null; url?: string | null };
export type Delivery = {
  id: string;
  provider: string;
  provider_name: string;
  kind: DeliveryKind;
  contact: { id: string; full_name?: string | null };
  activity?: { id: string; kind?: ActivityKind | null; subject?: string | null } | null;
  trigger: string;
  requested_by?: MemberRef | null;
  state: DeliveryState;
  cause?: Cause | null;
  reason?: string | null;
  objections: Objection[];
  candidates: Candidate[];
  attempts: number;
  next_at?: string | null;
  give_up_at: string;
  remote_id?: string | null;
  url?: string | null;
  remarks: { code: string; words: string }[];
  can_retry: boolean;
  can_choose: boolean;
  created_at: string;
  updated_at: string;
  delivered_at?: string | null;
};
export type Attempt = {
  n: number;
  step: string;
  outcome: string;
  status?: number | null;
  remote_id?: string | null;
  reason?: string | null;
  started_at: string;
  finished_at?: string | null;
};
export type DeliveryStory = { delivery: Delivery; attempts: Attempt[] };
export type DeliveryCounts = Record<DeliveryState, number> & {
  causes: { cause: Cause; count: number }[];
  at_least: boolean;
};
export type LiveEvent = { kind: 'resync' | 'delivery'; delivery?: Delivery | null };
export type CompanySettings = {
  id: string;
  name: string;
  warm_threshold: number;
  push_earlier: boolean;
  qualifying: { provider: string; provider_name: string; contacts: number }[];
};

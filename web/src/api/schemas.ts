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
export type Activity = Schemas['Activity'];
export type ActivityKind = Activity['kind'];
export type ActivityPage = Schemas['ActivityPage'];
export type ActivityPatch = Schemas['ActivityPatch'];
export type ActivityCopy = Schemas['ActivityCopy'];
export type NewActivity = Schemas['NewActivity'];
export type Delivery = Schemas['Delivery'];
export type DeliveryKind = Delivery['kind'];
export type DeliveryState = Delivery['state'];
export type Cause = Schemas['DeliveryCause'];
export type DeliveryStory = Schemas['DeliveryStory'];
export type Attempt = DeliveryStory['attempts'][number];
export type DeliveryCounts = Schemas['DeliveryCounts'];
export type LiveEvent = Schemas['LiveEvent'];

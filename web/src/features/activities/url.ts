import type { ActivityFilter } from '../../api/activities';
import { type Search, text } from '../../ui/url';
import { kindOf } from './kind-words';

export type ActivitiesSearch = {
  kind?: string;
  member?: string;
  contact?: string;
  campaign?: string;
  show?: 'todo' | 'done';
};

/** Absent keys stay absent, so that an unfiltered feed has the plain address. */
export function activitiesSearch(search: Search): ActivitiesSearch {
  const show = text(search.show);
  const known: ActivitiesSearch = {
    kind: kindOf(text(search.kind)),
    member: text(search.member),
    contact: text(search.contact),
    campaign: text(search.campaign),
    show: show === 'todo' || show === 'done' ? show : undefined,
  };
  return Object.fromEntries(Object.entries(known).filter(([, v]) => v !== undefined));
}

export const feedFilter = ({ kind, member, contact, campaign, show }: ActivitiesSearch): ActivityFilter => ({
  kind: kindOf(kind),
  member,
  contact,
  campaign,
  done: show === undefined ? undefined : show === 'done',
});

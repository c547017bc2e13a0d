import type { CrmAction, Delivery } from '../../api/schemas';

/** What members have done at a CRM: what it is called, while it goes there, and once it is there. */
export const ACTION: Record<CrmAction, { word: string; doing: string; done: string }> = {
  create_task: { word: 'Task', doing: 'Creating the task', done: 'Task created in {name}' },
  update_task: { word: 'Changed task', doing: 'Changing the task', done: 'Task changed in {name}' },
  log_call: { word: 'Call', doing: 'Logging the call', done: 'Call logged in {name}' },
  create_note: { word: 'Note', doing: 'Writing the note', done: 'Note written in {name}' },
  create_deal: { word: 'Deal', doing: 'Creating the deal', done: 'Deal created in {name}' },
  update_deal: { word: 'Changed deal', doing: 'Changing the deal', done: 'Deal changed in {name}' },
  create_contact: { word: 'Person', doing: 'Creating the person', done: 'The person is in {name}' },
  update_contact: { word: 'Changed person', doing: 'Changing the person', done: 'Person changed in {name}' },
  get_contact: { word: 'Person', doing: 'Reading', done: 'Read in {name}' },
  get_deal: { word: 'Deal', doing: 'Reading', done: 'Read in {name}' },
  search_contact: { word: 'Search', doing: 'Searching', done: 'Searched in {name}' },
  search_records: { word: 'Search', doing: 'Searching', done: 'Searched in {name}' },
};

const OTHER = { word: 'Action', doing: 'Doing it', done: 'Done in {name}' };

export const actionOf = ({ action }: Delivery) => (action ? ACTION[action.kind] : OTHER);

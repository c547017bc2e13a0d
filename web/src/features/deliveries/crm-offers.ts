/** What the page of a contact offers to have done at a CRM. */
export const OFFERED = {
  create_note: 'Write a note',
  create_task: 'Create a task',
  create_deal: 'Create a deal',
} as const;

export type Offered = keyof typeof OFFERED;

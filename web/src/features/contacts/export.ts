import { asProblem } from '../../api/problem';
import type { ContactsExport } from '../../api/schemas';
import { toast } from '../../ui/toast';

/** Contacts as a file. What it takes is fetched when somebody asks for it. */
export async function exportMany(who: ContactsExport) {
  toast({ id: 'export', title: 'Writing the file' });
  try {
    const { exportContacts } = await import('../../api/csv');
    await exportContacts(who);
    toast({ id: 'export', title: 'Exported as CSV' });
  } catch (error) {
    toast({ id: 'export', tone: 'bad', title: 'Nothing was exported', message: asProblem(error).message });
  }
}

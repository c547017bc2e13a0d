import { type ReactNode, useState } from 'react';
import { refreshDeliveries } from '../../api/deliveries';
import type { Contact, Delivery } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';
import { story } from './words';

type Answer = { delivery: Delivery; state: string };

/** Has one thing done at the CRM, under a key that makes it happen once, and says what became of it. */
export function useCrmAsk(contact: Contact, send: (key: string) => Promise<Answer>, onClose: () => void) {
  const [key, newKey] = useState(() => crypto.randomUUID());
  const [refused, refuse] = useState<Delivery | null>(null);
  const { busy, problem, submit } = useSubmit();
  const go = () =>
    submit(async () => {
      refuse(null);
      const { delivery, state } = await send(key);
      await refreshDeliveries();
      // What was refused is asked for anew, with what is written then.
      newKey(crypto.randomUUID());
      if (state === 'failed') return refuse(delivery);
      toast({ title: story(delivery), words: contact.full_name, to: `/sync-logs/deliveries/${delivery.id}` });
      onClose();
    });
  const refusal: ReactNode = refused && <FormProblem key={refused.id} title={story(refused)} />;
  return { busy, problem, refusal, go };
}

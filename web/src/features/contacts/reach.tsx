import { Button } from '@mantine/core';
import { IconMail, IconPhone } from '@tabler/icons-react';
import type { Contact } from '../../api/schemas';
import { usePhone } from '../../ui/use-phone';

/** On a phone: call or write at once. A call started here finds the form to log it on the way back. */
export function Reach({ contact, onCall }: { contact: Contact; onCall: () => void }) {
  const phone = usePhone();
  const number = contact.phones.find((p) => p.primary) ?? contact.phones[0];
  const address = contact.emails.find((e) => e.primary) ?? contact.emails[0];
  if (!phone || (!number && !address)) return null;
  return (
    <div className="reach">
      {number && (
        <Button
          component="a"
          href={`tel:${number.e164 ?? number.value}`}
          variant="default"
          leftSection={<IconPhone size={17} aria-hidden />}
          onClick={onCall}
        >
          Call
        </Button>
      )}
      {address && (
        <Button
          component="a"
          href={`mailto:${address.value}`}
          variant="default"
          leftSection={<IconMail size={17} aria-hidden />}
        >
          E-mail
        </Button>
      )}
    </div>
  );
}

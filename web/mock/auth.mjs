// Signing up, in and out.
import { randomUUID } from 'node:crypto';
import { refuse } from './refuse.mjs';
import { companies, findMember, mails, PASSWORD, sessions } from './state.mjs';
import { session as shown } from './views.mjs';

export function auth(method, [action, confirm], body, cookie) {
  const enter = (who) => {
    const id = randomUUID();
    sessions.set(id, who);
    return [200, shown(who), id];
  };
  const mail = (to, subject, text, link) => {
    mails.unshift({ id: randomUUID(), to, subject, text, links: [link], at: new Date().toISOString() });
    return [202, { sent: true }];
  };
  if (action === 'login') {
    const who = findMember(body.email);
    return who && body.password === PASSWORD
      ? enter({ ...who })
      : refuse(401, 'wrong_credentials', 'The e-mail address or the password is wrong.');
  }
  if (action === 'logout') {
    sessions.delete(cookie);
    return [204];
  }
  if (action === 'signup')
    return mail(
      body.email,
      'Confirm your address',
      `Welcome to Tandem, ${body.name}.`,
      '/confirm#token=good',
    );
  if (action === 'confirm')
    return body.token === 'good'
      ? enter({ company: companies[2], member: companies[2].members[0] })
      : refuse(400, 'token_expired', 'This link has expired or was used before.');
  if (action === 'reset' && confirm)
    return body.token === 'good'
      ? [204]
      : refuse(400, 'token_expired', 'This link has expired or was used before.');
  if (action === 'reset')
    return mail(body.email, 'Set a new password', 'Somebody asked for a new password.', '/reset#token=good');
  const who = sessions.get(cookie) ?? refuse(401, 'unauthenticated', 'Sign in first.');
  if (method === 'PUT') who.company = companies.find((c) => c.id === body.company_id) ?? who.company;
  return [200, shown(who)];
}

import { fail, newId, type Tx } from '../../common/index.ts';
import { type Caller, type Role, scopesOf } from '../../protocol/index.ts';
import { ADMIN_ROLES } from '../callers.ts';
import type { Identity } from '../identity.ts';
import type { Person } from '../records.ts';
import { person as findPerson, insertPerson, personByName } from '../repository.ts';

/** Names are how people tell each other apart on every screen, so there is one person of a name. Throws PERSON_EXISTS. */
export function createPerson(tx: Tx, identity: Identity, name: string, roles: Role[], now: number): Person {
  const known = personByName(tx, name);
  if (known) throw fail('PERSON_EXISTS', { name, personId: known.personId });
  const person: Person = {
    personId: newId('person', now),
    name,
    kind: 'local',
    state: 'active',
    roles,
    epoch: 1,
    createdAt: now,
  };
  insertPerson(tx, person);
  tx.afterCommit(() => identity.epochs.setPerson(person.personId, person.epoch, true));
  return person;
}

/** A person whom operations may change. Throws PERSON_NOT_FOUND, or PERSON_FIXED for the console. */
export function changeablePerson(tx: Tx, personId: string): Person {
  const person = findPerson(tx, personId);
  if (!person) throw fail('PERSON_NOT_FOUND', { personId });
  if (person.kind === 'console') throw fail('PERSON_FIXED');
  return person;
}

/**
 * Nobody changes their own roles, nobody gives what they lack, and only the console lets one person hold two
 * administrator roles. Throws ROLE_REFUSED naming the first role that may not be given.
 */
export function assertMayGive(
  caller: Caller,
  person: Pick<Person, 'personId' | 'roles'>,
  roles: readonly Role[],
): void {
  for (const role of roles) {
    if (role === 'api-client') throw fail('ROLE_REFUSED', { role, reason: 'it belongs to tokens, not to people' });
  }
  if (caller.kind === 'console') return;
  const [first = 'member'] = roles;
  if (caller.personId === person.personId) {
    throw fail('ROLE_REFUSED', { role: first, reason: 'nobody changes their own roles' });
  }
  const added = roles.filter((role) => !person.roles.includes(role));
  for (const role of added) {
    const lacking = scopesOf([role]).find((scope) => !caller.scopes.includes(scope));
    if (lacking) throw fail('ROLE_REFUSED', { role, reason: `you do not hold ${lacking} yourself` });
  }
  const admin = roles.filter((role) => ADMIN_ROLES.has(role));
  if (added.length > 0 && admin.length > 1) {
    throw fail('ROLE_REFUSED', { role: admin[1], reason: 'only the console gives one person two administrator roles' });
  }
}

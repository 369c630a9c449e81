import { fail } from '../../common/index.ts';
import { type AnyOperation, closed, Id, Name, operation, PLAIN_READ, type Role, Type } from '../../protocol/index.ts';
import type { Identity } from '../identity.ts';
import { person as findPerson, people, updatePerson } from '../repository.ts';
import { assertMayGive, changeablePerson, createPerson } from './person-rules.ts';
import { PersonShape, RoleName, showPerson } from './shapes.ts';

const Roles = Type.Array(RoleName, { minItems: 1, maxItems: 5, uniqueItems: true });

export function personOperations(identity: Identity): AnyOperation[] {
  return [
    operation({
      id: 'person.list',
      since: 1,
      summary: { en: 'List the people of this box', zh: '列出盒子上的人员' },
      input: closed({}),
      output: closed({ people: Type.Array(PersonShape, { maxItems: 10_000 }) }),
      ...PLAIN_READ,
      scope: 'device.admin',
      errors: [],
      surfaces: ['ws', 'rest', 'cli'],
      examples: [{ note: 'everybody', input: {} }],
      read: (ctx) => ({ people: people(ctx.db).map(showPerson) }),
    }),
    operation({
      id: 'person.create',
      since: 1,
      summary: { en: 'Add a person', zh: '添加人员' },
      input: closed({ name: Name, roles: Type.Optional(Roles) }),
      output: PersonShape,
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: { by: 'person.suspend' },
      scope: 'device.admin',
      errors: ['PERSON_EXISTS', 'ROLE_REFUSED'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['name'],
      examples: [{ note: 'a member', input: { name: 'Li Wei' } }],
      facts: () => ({ targets: [{ kind: 'box', id: identity.boxId }] }),
      apply: (ctx, { name, roles = ['member'] }) => {
        assertMayGive(ctx.caller, { personId: '', roles: ['member'] }, roles as Role[]);
        const person = createPerson(ctx.tx, identity, name, roles as Role[], ctx.clock.now());
        ctx.undoWith({ personId: person.personId });
        return showPerson(person);
      },
    }),
    stateOperation(identity, {
      id: 'person.suspend',
      summary: {
        en: 'Suspend a person: every device and token of theirs stops at once',
        zh: '停用人员:其设备和令牌立即失效',
      },
      state: 'suspended',
      undo: 'person.resume',
    }),
    stateOperation(identity, {
      id: 'person.resume',
      summary: { en: 'Let a suspended person in again', zh: '恢复已停用的人员' },
      state: 'active',
      undo: 'person.suspend',
    }),
    operation({
      id: 'person.setRoles',
      since: 1,
      summary: { en: 'Set the roles of a person', zh: '设置人员角色' },
      input: closed({ personId: Id, roles: Roles }),
      output: PersonShape,
      effect: 'admin',
      risk: 'high',
      confirmation: 'always',
      idempotency: 'key',
      undo: { by: 'person.setRoles' },
      scope: 'device.admin',
      errors: ['PERSON_NOT_FOUND', 'PERSON_FIXED', 'ROLE_REFUSED'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['personId'],
      examples: [
        { note: 'an administrator', input: { personId: 'person_01h0000000abc', roles: ['member', 'system-admin'] } },
      ],
      facts: (ctx, { personId }) => personFacts(ctx.db, personId),
      apply: (ctx, { personId, roles }) => {
        const person = changeablePerson(ctx.tx, personId);
        assertMayGive(ctx.caller, person, roles as Role[]);
        const epoch = updatePerson(ctx.tx, personId, person.state, roles as Role[]);
        ctx.tx.afterCommit(() => identity.epochs.changePerson(personId, epoch, person.state === 'active'));
        ctx.undoWith({ personId, roles: person.roles });
        return showPerson({ ...person, roles: roles as Role[] });
      },
    }),
  ];
}

function stateOperation(
  identity: Identity,
  it: { id: string; summary: { en: string; zh: string }; state: 'active' | 'suspended'; undo: string },
): AnyOperation {
  return operation({
    id: it.id,
    since: 1,
    summary: it.summary,
    input: closed({ personId: Id }),
    output: PersonShape,
    effect: 'admin',
    risk: 'high',
    confirmation: 'never',
    idempotency: 'key',
    undo: { by: it.undo },
    scope: 'device.admin',
    errors: ['PERSON_NOT_FOUND', 'PERSON_FIXED', 'ROLE_REFUSED'],
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['personId'],
    examples: [{ note: 'by id', input: { personId: 'person_01h0000000abc' } }],
    facts: (ctx, { personId }) => personFacts(ctx.db, personId),
    apply: (ctx, { personId }) => {
      const person = changeablePerson(ctx.tx, personId);
      if (it.state === 'active') assertMayGive(ctx.caller, { personId, roles: [] }, person.roles);
      ctx.undoWith({ personId });
      if (person.state === it.state) return showPerson(person);
      const epoch = updatePerson(ctx.tx, personId, it.state, person.roles);
      ctx.tx.afterCommit(() => identity.epochs.changePerson(personId, epoch, it.state === 'active'));
      return showPerson({ ...person, state: it.state });
    },
  });
}

function personFacts(db: Parameters<typeof findPerson>[0], personId: string) {
  const person = findPerson(db, personId);
  if (!person) throw fail('PERSON_NOT_FOUND', { personId });
  return { targets: [{ kind: 'box' as const, id: personId, name: person.name }] };
}

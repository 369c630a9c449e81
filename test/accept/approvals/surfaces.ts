/** F1 to F6 and F8: what each surface shows, lost answers, the order of answers, a client that starts anew, questions. */
import { openFolder } from '../../../src/client-node/index.ts';

import { type ApprovalRig, answer, codeOf, executed, type Listed, type Row } from './rig.ts';

export async function surfaces(rig: ApprovalRig): Promise<void> {
  const { box, check, phone, tablet, stranger, list, count, park } = rig;
  await check('F1: what was asked before the phone connected is in hello, with facts and hash', async () => {
    const row = await park('f1-key-0001');
    phone.client.close();
    ({ client: phone.client, witness: phone.witness } = await openFolder({
      folder: phone.folder,
      app: { id: 't', version: '1', platform: 'node' },
    }));
    const hello = await phone.client.connect();
    const shown = hello.snapshot.approvals as unknown as Row[];
    return shown.some((r) => r.id === row.id && r.card.diff === '+f1-key-0001' && r.actionHash === row.actionHash);
  });

  await check('F2: every device of the person and the console have it at once; a stranger never', async () => {
    const seen = new Promise<void>((resolve) => {
      const subscription = tablet.client.subscribe('approvals', {
        event: (event) => {
          if (event.kind !== 'approval-requested' || event.data['title'] === undefined) return;
          subscription.close();
          resolve();
        },
      });
    });
    const row = await park('f2-key-0001');
    await seen;
    const console = await box.run<Listed>('approval.list');
    const others = await list(stranger);
    return (
      (await list(tablet)).approvals.some((r) => r.id === row.id) &&
      console.approvals.some((r) => r.id === row.id) &&
      others.pending === 0
    );
  });

  await check('F3: an answer whose acknowledgement was lost is repeated with its key and counts once', async () => {
    const row = await park('f3-key-0001');
    const done = executed(phone, row.id);
    const idempotencyKey = 'answer-f3-000001';
    const before = await count();
    await phone.client.invoke(
      'approval.answer',
      { id: row.id, rev: row.rev, answer: 'approve', actionHash: row.actionHash },
      { idempotencyKey },
    );
    const again = await phone.client.invoke(
      'approval.answer',
      { id: row.id, rev: row.rev, answer: 'approve', actionHash: row.actionHash },
      { idempotencyKey },
    );
    return (await done) === 'executed' && again.replayed === true && (await count()) === before + 1;
  });

  await check('F5: all that wait are listed with their count and answered in any order', async () => {
    const rows: Row[] = [];
    for (let i = 0; i < 8; i++) rows.push(await park(`f5-key-000${i}`));
    const listed = await list(phone);
    if (rows.some((row) => !listed.approvals.some((r) => r.id === row.id))) return false;
    for (const row of rows.reverse()) {
      const done = executed(phone, row.id);
      await answer(phone.client, row, 'approve');
      if ((await done) !== 'executed') return false;
    }
    return (await list(phone)).pending === listed.pending - 8;
  });

  await check('F6: a client that starts anew follows from the beginning and sees every state', async () => {
    const { client } = await openFolder({ folder: tablet.folder, app: { id: 'next', version: '2', platform: 'node' } });
    const hello = await client.connect();
    const until = hello.topics.find((t) => t.topic === 'approvals')!.seq;
    const seqs: number[] = [];
    await new Promise<void>((resolve) => {
      client.subscribe('approvals', {
        event: (event) => {
          seqs.push(event.seq);
          if (event.seq === until) resolve();
        },
      });
    });
    client.close();
    return seqs.length === until && seqs.every((seq, i) => seq === i + 1);
  });
}

export async function questions(rig: ApprovalRig): Promise<void> {
  const { box, check, phone, tablet, list, show } = rig;
  await check(
    'F8: a question is a row of the same kind: listed in hello, answered with an option, told to all',
    async () => {
      const { id } = await box.run<{ id: string }>('rig.ask', { personId: phone.personId, text: 'Which one?' });
      const row = (await list(tablet)).approvals.find((r) => r.id === id)!;
      const wrong = await codeOf(answer(tablet.client, row, 'c'));
      await answer(tablet.client, row, 'b');
      const late = await codeOf(answer(phone.client, row, 'a'));
      return (
        row.kind === 'ask' &&
        wrong === 'INPUT_INVALID' &&
        late === 'APPROVAL_ALREADY_DECIDED' &&
        (await show(id)).state === 'answered'
      );
    },
  );
}

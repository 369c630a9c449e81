import type { Questions } from '../agent/index.ts';
import type { ApprovalRow, Approvals } from '../door/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Caller } from '../protocol/index.ts';

/** Questions and parked calls of tasks are rows of the door; this fits them to what the agent asks. */
export function questionsOf(approvals: Approvals): Questions {
  return {
    ask: (tx, { personId, taskId, title, question, options }) =>
      approvals.ask(tx, { personId, taskId, card: { title, question, options } }).id,
    outcome: (id) => {
      const row = approvals.get(id);
      return row && outcomeOf(row);
    },
    withdraw: (tx, taskId) => approvals.closeOfTask(tx, taskId),
    onResolved: (listener) =>
      approvals.onResolved((row) => {
        if (row.task !== null && outcomeOf(row).state !== 'pending') listener(row.task);
      }),
  };
}

function outcomeOf(row: ApprovalRow): ReturnType<Questions['outcome']> & object {
  switch (row.state) {
    case 'pending':
    // A yes counts once it was carried out: then the task's own call finds its outcome under its key.
    case 'approved':
      return { state: 'pending' };
    case 'denied':
    case 'expired':
    case 'withdrawn':
      return { state: row.state };
    default:
      return { state: 'answered', answer: row.answer ?? '', by: row.answered_by };
  }
}

/** The agent acting for whoever submitted the task: rights of today, never more than both of them have. */
export function taskCaller(identity: Identity): (submitter: Caller, taskId: string) => Caller {
  return (submitter, taskId) => identity.agentCaller(identity.rebuild(submitter), taskId);
}

import { errorKinds } from './kinds.ts';

export const agentErrors = errorKinds({
  TASK_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no task {taskId} of yours.',
    zh: '没有属于您的任务 {taskId}。',
    hint: { en: 'task.list shows your tasks.', zh: '用 task.list 查看您的任务。' },
  },
  TASK_ENDED: {
    category: 'conflict',
    en: 'This task has ended ({state}).',
    zh: '任务已结束({state})。',
    hint: { en: 'Submit a new one.', zh: '请提交新任务。' },
  },
  TASK_NOTHING_TO_UNDO: {
    category: 'conflict',
    en: 'This task changed nothing, or it was taken back already.',
    zh: '该任务没有改动,或已撤销。',
    hint: { en: 'doc.log shows what changed a document.', zh: '用 doc.log 查看文档的改动。' },
  },
  TASKS_TOO_MANY: {
    category: 'limited',
    en: 'You have {open} unfinished tasks; the limit is {limit}.',
    zh: '您有 {open} 个未完成的任务,上限 {limit}。',
    hint: { en: 'Finish or cancel one first.', zh: '请先完成或取消一个。' },
  },
  BUDGET_SPENT: {
    category: 'limited',
    en: 'The task used up its {what} ({limit}).',
    zh: '任务已用完预算:{what}({limit})。',
    hint: { en: 'Split the task into smaller ones.', zh: '请把任务拆小。' },
  },
  LOOP_STOPPED: {
    category: 'conflict',
    en: 'The task asked for the same {operation} a third time and was stopped.',
    zh: '任务第三次请求相同的 {operation},已停止。',
    hint: { en: 'Say it in other words.', zh: '请换一种说法。' },
  },
});

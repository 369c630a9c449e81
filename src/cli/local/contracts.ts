import type { Contract } from '../contract.ts';

/** Commands that are no single operation of the box, said in the same words. */
export const EVENTS: Contract = {
  id: 'events.follow',
  summary: {
    en: 'Follow a topic: box, approvals, audit, task:<id>, doc:<id>',
    zh: '跟踪主题:box、approvals、audit、task:<id>、doc:<id>',
  },
  effect: 'read',
  risk: 'low',
  input: {
    type: 'object',
    properties: {
      topic: { type: 'string' },
      after: { type: 'string', description: 'epoch:seq of the last event seen' },
      limit: { type: 'integer', description: 'end after so many events' },
    },
  },
  positional: ['topic'],
  examples: [],
};

const PATH = { type: 'string', description: '<workspace>/<path inside it>' };
const AT = { type: 'string', description: 'v12, a time (ISO 8601) or the name of a tag; left out: the newest' };

export const SHOW: Contract = {
  id: 'doc.show',
  summary: { en: 'Show a whole document at any version', zh: '显示文档的任一完整版本' },
  effect: 'read',
  risk: 'low',
  input: { type: 'object', properties: { path: PATH, at: AT }, required: ['path'] },
  positional: ['path', 'at'],
  examples: [{ note: 'as it was in version 3', input: { path: 'office/minutes.md', at: 'v3' } }],
};

export const ADD: Contract = {
  id: 'doc.add',
  summary: { en: 'Take a file from here into a workspace, whatever it is', zh: '将本地文件(任意类型)加入工作区' },
  effect: 'write',
  risk: 'low',
  input: {
    type: 'object',
    properties: {
      path: { type: 'string', description: 'the new document; with a / at its end: the folder, the name stays' },
      file: { type: 'string', description: 'the file here' },
      note: { type: 'string' },
    },
    required: ['path', 'file'],
  },
  positional: ['path', 'file'],
  examples: [{ note: 'a scan', input: { path: 'office/scans/', file: 'offer.pdf' } }],
};

export const EXPORT: Contract = {
  id: 'doc.export',
  summary: {
    en: 'Take a version, or a whole history for git, out into a file',
    zh: '导出某一版本或完整历史(git)到文件',
  },
  effect: 'read',
  risk: 'low',
  input: {
    type: 'object',
    properties: {
      path: { type: 'string', description: 'a document; with --form git also a folder or a workspace' },
      form: { enum: ['file', 'git'], description: 'git: every version, in a file that "git clone" opens;' },
      at: AT,
      output: { type: 'string', description: 'name of the file; left out, it follows from the document' },
      force: { type: 'boolean', description: 'replace a file that is there' },
    },
    required: ['path'],
  },
  positional: ['path', 'output'],
  examples: [
    { note: 'the newest version', input: { path: 'office/minutes.md' } },
    { note: 'all versions, for git', input: { path: 'office/minutes.md', form: 'git', output: 'minutes.bundle' } },
  ],
};

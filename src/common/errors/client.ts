import { errorKinds } from './kinds.ts';

/** Failures that a client finds by itself, before or without an answer of the box. */
export const clientErrors = errorKinds({
  CLIENT_OFFLINE: {
    category: 'unavailable',
    retryable: true,
    en: 'Not connected to the box.',
    zh: '未连接到盒子。',
    hint: { en: 'It is tried again by itself; nothing was sent.', zh: '会自动重新连接,尚未发送任何内容。' },
  },
  CLIENT_CONNECTION_LOST: {
    category: 'unavailable',
    retryable: true,
    en: 'The connection ended before the answer came.',
    zh: '连接在收到答复之前中断。',
    hint: {
      en: 'Call again with the same idempotency key: it has one effect at most.',
      zh: '请用同一幂等键再次调用:最多只会生效一次。',
    },
  },
  CLIENT_CLOSED: {
    category: 'cancelled',
    en: 'This client was closed.',
    zh: '客户端已关闭。',
    hint: { en: 'Open a new one.', zh: '请重新打开。' },
  },
  CLIENT_LINK_INVALID: {
    category: 'bad-input',
    en: 'This is not a pairing link of a box: {reason}.',
    zh: '这不是有效的配对链接:{reason}。',
    hint: { en: 'Make a new one on the box: jingu pair open.', zh: '请在盒子上重新生成:jingu pair open。' },
  },
  CLIENT_BOX_MISMATCH: {
    category: 'unauthenticated',
    en: 'This is not the box that was paired: {reason}.',
    zh: '这不是已配对的盒子:{reason}。',
    hint: {
      en: 'Somebody may stand in between. Do not go on; ask the administrator of the box.',
      zh: '可能有人在中间冒充。请勿继续,并联系盒子管理员。',
    },
  },
  CLIENT_RECORD_FORKED: {
    category: 'conflict',
    en: 'The record of the box does not continue the one seen before: {reason}.',
    zh: '盒子的记录与之前看到的不一致:{reason}。',
    hint: {
      en: 'Keep this device as a witness and tell the auditor: both heads are stored on it.',
      zh: '请保留此设备作为见证并通知审计员:两个记录头都保存在本机。',
    },
  },
  CLIENT_FILE_TOO_LARGE: {
    category: 'bad-input',
    en: 'The file has {size} MB; the box takes files of up to {limit} MB.',
    zh: '文件为 {size} MB，盒子最多接收 {limit} MB 的文件。',
    hint: { en: 'Save it into the shared folder instead.', zh: '请改为直接保存到共享文件夹。' },
  },
  CLIENT_FILE_UNREADABLE: {
    category: 'bad-input',
    en: 'The file cannot be read: {reason}.',
    zh: '无法读取文件：{reason}。',
    hint: {
      en: 'A folder cannot be sent, only the files in it. If it was moved or changed meanwhile, choose it again.',
      zh: '不能发送文件夹，只能发送其中的文件。如果文件刚被移动或修改，请重新选择。',
    },
  },
  CLIENT_ANSWER_INVALID: {
    category: 'internal',
    en: 'The answer could not be read: {reason}.',
    zh: '无法读取答复:{reason}。',
    hint: { en: 'Update this app or the box.', zh: '请更新应用或盒子。' },
  },
});

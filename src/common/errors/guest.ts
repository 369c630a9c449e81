import { errorKinds } from './kinds.ts';

/** Errors of the guests and of what runs in them: the supervisor, egress, the beacon. */
export const guestErrors = errorKinds({
  GUEST_GONE: {
    category: 'unavailable',
    retryable: true,
    en: 'The part "{guest}" of the box ended while it worked on this: {reason}.',
    zh: '盒子的组件“{guest}”在处理过程中退出:{reason}。',
    hint: { en: 'It is started again by itself; try once more.', zh: '它会自动重新启动,请再试一次。' },
  },
  GUEST_UNAVAILABLE: {
    category: 'unavailable',
    retryable: true,
    en: 'The part "{guest}" of the box cannot be started now: {reason}.',
    zh: '盒子的组件“{guest}”暂时无法启动:{reason}。',
    hint: { en: 'Wait a little; jingu doctor shows why.', zh: '请稍候;jingu doctor 会显示原因。' },
  },
  GUEST_BUSY: {
    category: 'limited',
    retryable: true,
    en: 'The part "{guest}" of the box already has {limit} requests to work on.',
    zh: '盒子的组件“{guest}”已有 {limit} 个请求在处理。',
    hint: { en: 'Wait and try again.', zh: '请稍后重试。' },
  },
  GUEST_TIMEOUT: {
    category: 'unavailable',
    retryable: true,
    en: 'The part "{guest}" of the box gave no answer within {ms} ms.',
    zh: '盒子的组件“{guest}”在 {ms} 毫秒内没有答复。',
    hint: { en: 'Try again, or ask for less at once.', zh: '请重试,或减少单次请求的内容。' },
  },
  GUEST_FAILED: {
    category: 'internal',
    en: 'The part "{guest}" of the box failed: {reason}.',
    zh: '盒子的组件“{guest}”出错:{reason}。',
    hint: { en: 'Look for the guest in the log of the box.', zh: '请在盒子日志中查找该组件。' },
  },
});

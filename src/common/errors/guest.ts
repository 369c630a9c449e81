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
  EGRESS_URL_REFUSED: {
    category: 'bad-input',
    en: 'This address is not one the box opens: {reason}.',
    zh: '盒子不会打开这样的地址:{reason}。',
    hint: { en: 'Use a plain https address with a host name.', zh: '请使用带主机名的普通 https 地址。' },
  },
  EGRESS_HOST_DENIED: {
    category: 'denied',
    en: 'The box may not reach {host} for {class}.',
    zh: '盒子不允许为 {class} 访问 {host}。',
    hint: { en: 'egress.show lists the hosts that are allowed.', zh: '用 egress.show 查看允许的主机。' },
  },
  EGRESS_ADDRESS_REFUSED: {
    category: 'denied',
    en: '{host} leads to {address}, which is {range}; the box does not dial that.',
    zh: '{host} 指向 {address}({range}),盒子不会拨打。',
    hint: { en: 'Look at the DNS of this network.', zh: '请检查本网络的 DNS。' },
  },
  EGRESS_TICKET_REFUSED: {
    category: 'denied',
    en: 'The way out did not accept this ticket: {reason}.',
    zh: '出口未接受该凭据:{reason}。',
    hint: { en: 'Every dial needs a ticket of its own.', zh: '每次拨打都需要单独的凭据。' },
  },
  EGRESS_UNREACHABLE: {
    category: 'unavailable',
    retryable: true,
    en: '{host} cannot be reached: {reason}.',
    zh: '无法连接 {host}:{reason}。',
    hint: { en: 'Check the network of the box; work on the box goes on.', zh: '请检查盒子的网络;本地工作不受影响。' },
  },
  EGRESS_TLS_REFUSED: {
    category: 'unavailable',
    en: '{host} did not prove who it is: {reason}.',
    zh: '{host} 未能证明身份:{reason}。',
    hint: {
      en: 'Someone may stand in between, or the clock of the box is wrong.',
      zh: '可能有人从中拦截,或盒子时钟有误。',
    },
  },
  EGRESS_TOO_LARGE: {
    category: 'bad-input',
    http: 413,
    en: '{host} sends more than the {limit} bytes that were allowed.',
    zh: '{host} 发送的内容超过允许的 {limit} 字节。',
    hint: { en: 'The size in the catalogue and at the source differ.', zh: '目录中的大小与来源不一致。' },
  },
  EGRESS_REDIRECT_REFUSED: {
    category: 'denied',
    en: '{host} sends the box elsewhere: {reason}.',
    zh: '{host} 要求转到别处:{reason}。',
    hint: { en: 'egress.show lists the hosts that are allowed.', zh: '用 egress.show 查看允许的主机。' },
  },
  EGRESS_BROKEN: {
    category: 'unavailable',
    retryable: true,
    en: 'The connection to {host} broke off: {reason}.',
    zh: '与 {host} 的连接中断:{reason}。',
    hint: { en: 'Try again; a pull goes on where it stopped.', zh: '请重试,下载会从断点继续。' },
  },
  EGRESS_LEDGER_FAILED: {
    category: 'unavailable',
    en: 'The ledger of the way out cannot be written, so nothing is dialled: {reason}.',
    zh: '出口台账无法写入,因此不会拨打:{reason}。',
    hint: { en: 'Free some space or run jingu doctor.', zh: '请清理空间或运行 jingu doctor。' },
  },
});

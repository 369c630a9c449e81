import { errorKinds } from './kinds.ts';

export const identityErrors = errorKinds({
  KEY_FILE_BROKEN: {
    category: 'unavailable',
    en: 'The key file {file} cannot be used: {reason}.',
    zh: '密钥文件 {file} 无法使用:{reason}。',
    hint: {
      en: 'Restore the keys folder from a backup. A new key would be another box to every paired device.',
      zh: '请从备份恢复密钥文件夹。换新密钥后,所有已配对设备会把它当作另一台盒子。',
    },
  },
  BOX_NAME_INVALID: {
    category: 'bad-input',
    en: '"{name}" is not a DNS name the box can have.',
    zh: '“{name}”不能用作盒子的域名。',
    hint: {
      en: 'Use letters, digits, hyphens and dots; no address.',
      zh: '只能用字母、数字、连字符和点,不能是 IP 地址。',
    },
  },
  BOX_MISMATCH: {
    category: 'unavailable',
    en: 'These keys belong to {found}, but the database to {expected}.',
    zh: '密钥属于 {found},而数据库属于 {expected}。',
    hint: { en: 'Restore keys and database from the same backup.', zh: '请从同一份备份恢复密钥和数据库。' },
  },
  CHALLENGE_INVALID: {
    category: 'unauthenticated',
    en: 'This challenge is unknown, used or too old.',
    zh: '该质询不存在、已使用或已过期。',
    hint: { en: 'Connect again and answer the new challenge.', zh: '请重新连接并回答新的质询。' },
  },
  DEVICE_UNKNOWN: {
    category: 'unauthenticated',
    en: 'This box does not know this device.',
    zh: '盒子不认识此设备。',
    hint: { en: 'Pair it: jingu pair', zh: '请先配对:jingu pair' },
  },
  DEVICE_REVOKED: {
    category: 'unauthenticated',
    en: 'This device was revoked.',
    zh: '此设备已被吊销。',
    hint: { en: 'Ask an administrator; it can be paired again.', zh: '请联系管理员,可重新配对。' },
  },
  DEVICE_EXPIRED: {
    category: 'unauthenticated',
    en: 'This device was not used for a year, so its pairing ended.',
    zh: '此设备一年未使用,配对已失效。',
    hint: { en: 'Pair it again: jingu pair', zh: '请重新配对:jingu pair' },
  },
  PERSON_SUSPENDED: {
    category: 'unauthenticated',
    en: 'This person is suspended.',
    zh: '此人员已被停用。',
    hint: { en: 'Ask an administrator.', zh: '请联系管理员。' },
  },
  SIGNATURE_INVALID: {
    category: 'unauthenticated',
    en: 'The signature does not fit.',
    zh: '签名不匹配。',
    hint: {
      en: 'Sign the canonical JSON of the protocol reference with the paired key.',
      zh: '请用已配对的密钥对规范 JSON 签名。',
    },
  },
  SPKI_MISMATCH: {
    category: 'unauthenticated',
    en: 'The device saw another TLS key than the one of this box: something stands between.',
    zh: '设备看到的 TLS 密钥与盒子不同:中间可能有人拦截。',
    hint: { en: 'Do not go on over this network path; check the proxy.', zh: '请勿继续使用此网络路径,并检查代理。' },
  },
  PROTOCOL_UNSUPPORTED: {
    category: 'unauthenticated',
    en: 'No common protocol: the box speaks {ours}, the client {theirs}.',
    zh: '没有共同的协议版本:盒子为 {ours},客户端为 {theirs}。',
    hint: { en: 'Update the older side.', zh: '请升级较旧的一方。' },
  },
  SESSION_EXPIRED: {
    category: 'unauthenticated',
    en: 'The session has ended.',
    zh: '会话已结束。',
    hint: { en: 'Connect again.', zh: '请重新连接。' },
  },
  TOKEN_INVALID: {
    category: 'unauthenticated',
    en: 'This token is unknown, revoked or expired.',
    zh: '该令牌不存在、已吊销或已过期。',
    hint: { en: 'Make a new one: jingu token create', zh: '请新建:jingu token create' },
  },
  LOCKED_OUT: {
    category: 'limited',
    en: 'Too many failed attempts from here; wait {retryAfterMs} ms.',
    zh: '失败次数过多,请等待 {retryAfterMs} 毫秒。',
    hint: { en: 'Wait; every further attempt is refused meanwhile.', zh: '请等待,期间所有尝试都会被拒绝。' },
  },
  PAIRING_LINK_INVALID: {
    category: 'unauthenticated',
    en: 'This pairing link is unknown, spent or expired.',
    zh: '该配对链接不存在、已使用或已过期。',
    hint: { en: 'Open a new window on the box: jingu pair', zh: '请在盒子上打开新的配对窗口:jingu pair' },
  },
  PAIRING_TAKEN: {
    category: 'conflict',
    en: 'Another device has already used this pairing link.',
    zh: '该配对链接已被另一台设备使用。',
    hint: {
      en: 'If that was not you, cancel it on the box and open a new window.',
      zh: '如果不是您本人操作,请在盒子上取消并重新打开配对窗口。',
    },
  },
  PAIRING_LOCKED: {
    category: 'limited',
    en: 'Pairing is locked after too many wrong secrets.',
    zh: '错误次数过多,配对已锁定。',
    hint: { en: 'Open a window at the box itself: jingu pair', zh: '请在盒子本机上打开配对窗口:jingu pair' },
  },
  PAIRING_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no pairing window {pairingId}.',
    zh: '没有配对窗口 {pairingId}。',
    hint: { en: 'pair.list shows the open ones.', zh: '用 pair.list 查看已打开的窗口。' },
  },
  PAIRING_NOT_READY: {
    category: 'conflict',
    en: 'There is nothing to confirm: the window is {state}.',
    zh: '没有可确认的内容:窗口状态为 {state}。',
    hint: { en: 'Scan the link with the phone first.', zh: '请先用手机扫描链接。' },
  },
  PAIRING_CHECK_MISMATCH: {
    category: 'conflict',
    en: 'The six digits are not those of the device that is waiting.',
    zh: '六位数字与等待中的设备不一致。',
    hint: {
      en: 'Read them from the phone. If they differ from the box, cancel the window.',
      zh: '请从手机上读取数字;如与盒子显示不同,请取消该窗口。',
    },
  },
  ROLE_REFUSED: {
    category: 'denied',
    en: 'The role "{role}" cannot be given this way: {reason}.',
    zh: '不能以此方式授予角色“{role}”:{reason}。',
    hint: {
      en: 'Administrator roles are given at the console: jingu person set-roles',
      zh: '管理员角色须在控制台授予。',
    },
  },
  DEVICE_ALREADY_PAIRED: {
    category: 'conflict',
    en: 'A device with this key is paired already ({deviceId}).',
    zh: '使用该密钥的设备已配对({deviceId})。',
    hint: { en: 'Revoke it first, or let the client make a new key.', zh: '请先吊销,或让客户端生成新密钥。' },
  },
  DEVICE_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no device {deviceId}.',
    zh: '没有设备 {deviceId}。',
    hint: { en: 'device.list shows them all.', zh: '用 device.list 查看全部设备。' },
  },
  PERSON_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no person {personId}.',
    zh: '没有人员 {personId}。',
    hint: { en: 'person.list shows them all.', zh: '用 person.list 查看全部人员。' },
  },
  PERSON_EXISTS: {
    category: 'conflict',
    en: 'There is a person named "{name}" already ({personId}).',
    zh: '已有名为“{name}”的人员({personId})。',
    hint: { en: 'Give personId for the same person, or another name.', zh: '同一人请提供 personId,否则请换名称。' },
  },
  PERSON_FIXED: {
    category: 'denied',
    en: 'The console itself cannot be changed or suspended.',
    zh: '控制台身份不能更改或停用。',
    hint: { en: 'Choose another person.', zh: '请选择其他人员。' },
  },
  TOKEN_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no token {tokenId}.',
    zh: '没有令牌 {tokenId}。',
    hint: { en: 'token.list shows them all.', zh: '用 token.list 查看全部令牌。' },
  },
});

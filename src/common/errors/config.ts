import { errorKinds } from './kinds.ts';

export const configErrors = errorKinds({
  CONFIG_INVALID: {
    category: 'bad-input',
    en: 'The setting "{key}" from {where} cannot be used: {reason}.',
    zh: '{where} 中的设置“{key}”无法使用:{reason}。',
    hint: {
      en: 'Correct it and start again. docs/reference/config.md lists every setting.',
      zh: '请更正后重新启动。所有设置见 docs/reference/config.md。',
    },
  },
  BIND_REFUSED: {
    category: 'bad-input',
    en: 'The box does not listen on {address}: {reason}.',
    zh: '盒子不会监听 {address}:{reason}。',
    hint: {
      en: 'Choose a loopback or private address, or leave "bind" out: the box then takes those of this machine.',
      zh: '请选择回环或内网地址,或不设置 bind,盒子会自动使用本机内网地址。',
    },
  },
});

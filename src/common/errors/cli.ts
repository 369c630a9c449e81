import { errorKinds } from './kinds.ts';

/** What the `jingu` command finds by itself. */
export const cliErrors = errorKinds({
  BOX_UNREACHABLE: {
    category: 'unavailable',
    en: 'The box is not running here: nobody answers on {socket}.',
    zh: '盒子未在此运行:{socket} 无人应答。',
    hint: {
      en: 'Start it with: npm start. Another data directory: --data.',
      zh: '请用 npm start 启动。其他数据目录请用 --data。',
    },
  },
  BOX_FORBIDDEN: {
    category: 'unauthenticated',
    en: 'Only the user of the box and root may open {socket}.',
    zh: '只有盒子的运行用户和 root 可以打开 {socket}。',
    hint: { en: 'Run the command as that user: sudo -u jingu jingu …', zh: '请以该用户运行:sudo -u jingu jingu …' },
  },
  USAGE: {
    category: 'bad-input',
    en: '{reason}',
    zh: '{reason}',
    hint: {
      en: 'jingu --help shows the commands, jingu <noun> <verb> --help one of them.',
      zh: '用 jingu --help 查看命令。',
    },
  },
});

import type { Locale } from '../common/index.ts';
import type { BoxSocket } from './box-socket.ts';
import { kebab } from './globals.ts';
import { pad } from './render/table.ts';

interface Listed {
  id: string;
  summary: string;
}

const HEAD = {
  en: `jingu: talk to the box on this machine

  jingu status                     what it is doing          jingu doctor    what is wrong
  jingu pair                       let a phone in            jingu events    follow what happens
  jingu workspace add <name> <folder>    let it look after a folder
  jingu task submit "…" --workspace <name> --wait            hand it a task and watch
  jingu doc log <path> · doc diff <path> · task undo <id>    see it, take it back
  jingu audit verify [<export>]    check the record, also without the box
  jingu backup create              keep a copy               jingu backup restore <name>   with the box stopped
`,
  zh: `jingu:与本机的盒子对话

  jingu status                     当前状态                  jingu doctor    检查问题
  jingu pair                       配对手机                  jingu events    跟踪事件
  jingu workspace add <名称> <目录>      让盒子照管一个文件夹
  jingu task submit "…" --workspace <名称> --wait            交给它一个任务并观看
  jingu doc log <路径> · doc diff <路径> · task undo <编号>  查看与撤回
  jingu audit verify [<导出文件>]  校验记录,无需盒子运行
  jingu backup create              备份                      jingu backup restore <名称>   停机后恢复
`,
};

const TAIL = `
Everywhere: --json one object on stdout · --data <directory> · --yes · --dry-run · --wait · --timeout <time>
Exit: 0 done · 2 usage · 4 not authenticated · 5 denied · 6 a person must answer · 7 conflict · 69 box not reachable · 75 try again
`;

/** `jingu --help`, or the commands of one noun. The list comes from the box; without it the head is all there is. */
export async function helpText(box: BoxSocket, locale: Locale, signal: AbortSignal, noun?: string): Promise<string> {
  const listed = await operationsOf(box, signal, noun).catch(() => []);
  const rows = listed.map(({ id, summary }) => [commandOf(id), summary] as const);
  const columns = Math.max(0, ...rows.map(([command]) => command.length));
  const lines = rows.map(([command, summary]) => `  ${pad(command, columns)}  ${summary}`);
  if (noun !== undefined) return `${lines.join('\n')}\n`;
  return `${HEAD[locale]}${lines.length > 0 ? `\n${lines.join('\n')}\n` : ''}${TAIL}`;
}

export async function operationsOf(box: BoxSocket, signal: AbortSignal, noun?: string): Promise<Listed[]> {
  const input = noun === undefined ? {} : { noun };
  const { output } = await box.invoke({ operation: 'operation.list', input }, signal);
  return (output as { operations: Listed[] }).operations;
}

function commandOf(id: string): string {
  const [noun, verb] = id.split('.') as [string, string];
  return `jingu ${noun} ${kebab(verb)}`;
}

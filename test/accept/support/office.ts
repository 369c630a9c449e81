/**
 * The documents of the main job, written by the test itself, and what is asked of them. A case says what the bytes must
 * be afterwards; nothing here is known to the box.
 */
export type Expect =
  /** Exactly this text becomes that one, once in the whole document. */
  | { sub: [string, string] }
  /** The one line that holds this goes. */
  | { cut: string }
  /** One of these lines comes right after the line that holds `after`. */
  | { put: string[]; after: string }
  /** Fits several places: any of these is right, but only after having asked. */
  | { either: [string, string][] }
  /** Nothing to be done: the workspace stays as it is. */
  | { cannot: true };

export interface Case {
  say: string;
  file: string;
  expect: Expect;
  /** Asked of the whole workspace rather than of one document. */
  anywhere?: true;
}

const guide = `# Visitor guide

## Opening hours

- Reception is staffed from 07:45 to 17:30.
- The car park closes at 21:00.
- Parcels are accepted until 15:00 at gate 4.

## Rooms

| Room | Floor | Seats | Projector |
|---|---|---|---|
| Aster | 1 | 12 | yes |
| Birch | 2 | 8 | no |
| Cedar | 2 | 20 | yes |
| Dahlia | 3 | 6 | no |

## Safety

The assembly point is the lawn behind building C.
First-aiders on duty: Miriam Oduya (ext. 311) and Tom Ferrer (ext. 318).
Fire drills take place every March.

## Guests

A badge costs a deposit of 15 EUR.
Wi-Fi vouchers are valid for 24 hours.
Photography is allowed in the lobby only.
`;

const stock = `sku,item,shelf,count,price
A-1001,Stapler,S1,40,6.50
A-1002,"Paper, A4, 80 g",S2,310,4.20
B-2001,Desk lamp,T1,17,29.90
B-2002,Monitor arm,T1,9,54.00
C-3001,Whiteboard,U4,3,118.00
C-3002,Marker set,U5,66,8.75
`;

const minutes = `会议纪要 2026-10-12
主持:罗岚
记录:何启明
1. 新展厅的装修预算为 45 万元。
2. 施工单位由采购部在 11 月 20 日前确定。
3. 样品间搬到二号楼 305 室。
4. 客户参观改由市场部接待,联系人周舟。
5. 下次会议定于 10 月 26 日 14:00,地点三楼东会议室。
待办:
- 赵晨:整理旧合同,截止 10 月 30 日。
- 孙妍:更新报价单,截止 11 月 2 日。
`;

const deploy = `# shop floor services
gateway:
  image: registry/gateway:2.4.1
  replicas: 2
  port: 8080
  log_level: info
printer:
  host: prn-02.lan
  paper: A4
  duplex: true
backup:
  schedule: "0 3 * * *"
  keep_days: 14
  target: nas-1
`;

/** 2,400 lines of house rules; every article has a number and a subject of its own. */
function rules(): string {
  const subjects = [
    'ventilation',
    'lockers',
    'ladders',
    'forklifts',
    'waste',
    'lighting',
    'noise',
    'solvents',
    'gloves',
    'visitors',
  ];
  const places = [
    'hall A',
    'hall B',
    'the yard',
    'the paint shop',
    'the canteen',
    'the archive',
    'the loading bay',
    'the workshop',
  ];
  const lines = ['# House rules of the plant', ''];
  for (let n = 1; lines.length < 2400; n++) {
    const subject = subjects[n % subjects.length]!;
    const place = places[(n * 7) % places.length]!;
    lines.push(`## Article ${n}: ${subject} in ${place}`, '');
    lines.push(`Checks of ${subject} in ${place} take place every ${(n % 11) + 2} weeks.`);
    lines.push(`The limit for article ${n} is ${100 + n * 3} units.`, '');
  }
  lines.push(
    '## Final provisions',
    '',
    'These rules enter into force on 1 February 2026.',
    'Questions go to the works council, room 14.',
  );
  return `${lines.join('\n')}\n`;
}

export const DOCUMENTS: Readonly<Record<string, string>> = {
  'guide.md': guide,
  'stock.csv': stock,
  'minutes.txt': minutes,
  'deploy.yaml': deploy,
  'rules.md': rules(),
};

export const CASES: readonly Case[] = [
  {
    file: 'guide.md',
    say: 'The car park now closes at 22:00.',
    expect: { sub: ['closes at 21:00', 'closes at 22:00'] },
  },
  { file: 'guide.md', say: 'Parcels are accepted until 16:30', expect: { sub: ['until 15:00', 'until 16:30'] } },
  {
    file: 'guide.md',
    say: 'Room Birch has 10 seats now',
    expect: { sub: ['| Birch | 2 | 8 |', '| Birch | 2 | 10 |'] },
  },
  {
    file: 'guide.md',
    say: 'Dahlia got a projector',
    expect: { sub: ['| Dahlia | 3 | 6 | no |', '| Dahlia | 3 | 6 | yes |'] },
  },
  {
    file: 'guide.md',
    say: 'The deposit for a badge is raised to 20 EUR',
    expect: { sub: ['15 EUR', '20 EUR'] },
    anywhere: true,
  },
  { file: 'guide.md', say: 'Fire drills take place every April', expect: { sub: ['every March', 'every April'] } },
  { file: 'guide.md', say: 'Remove the line about photography', expect: { cut: 'Photography' } },
  {
    file: 'guide.md',
    say: 'Add a line after the one about Wi-Fi vouchers: Guests wear their badge at all times.',
    expect: { put: ['Guests wear their badge at all times.'], after: 'Wi-Fi vouchers' },
  },
  {
    file: 'guide.md',
    say: 'Change the extension to 330',
    expect: {
      either: [
        ['ext. 311', 'ext. 330'],
        ['ext. 318', 'ext. 330'],
      ],
    },
  },
  { file: 'guide.md', say: 'The swimming pool opens at 9', expect: { cannot: true } },
  { file: 'stock.csv', say: 'There are 12 monitor arms left', expect: { sub: ['T1,9,54.00', 'T1,12,54.00'] } },
  { file: 'stock.csv', say: 'The desk lamp costs 27.50', expect: { sub: ['17,29.90', '17,27.50'] } },
  { file: 'stock.csv', say: 'The whiteboard moves to shelf U6', expect: { sub: ['Whiteboard,U4', 'Whiteboard,U6'] } },
  { file: 'stock.csv', say: 'Delete A-1001', expect: { cut: 'A-1001' } },
  {
    file: 'stock.csv',
    say: 'Add C-3003, Eraser, shelf U5, 25 pieces at 1.95',
    expect: { put: ['C-3003,Eraser,U5,25,1.95'], after: 'C-3002' },
  },
  { file: 'stock.csv', say: 'Set the count of the laminator to 4', expect: { cannot: true } },
  { file: 'minutes.txt', say: '装修预算增加到 52 万元', expect: { sub: ['45 万元', '52 万元'] } },
  { file: 'minutes.txt', say: '施工单位要在 11 月 25 日前确定', expect: { sub: ['11 月 20 日', '11 月 25 日'] } },
  { file: 'minutes.txt', say: '样品间改到 308 室', expect: { sub: ['305 室', '308 室'] } },
  { file: 'minutes.txt', say: '客户参观的联系人换成林朗', expect: { sub: ['周舟', '林朗'] }, anywhere: true },
  { file: 'minutes.txt', say: '下次会议改到 10 月 28 日', expect: { sub: ['10 月 26 日', '10 月 28 日'] } },
  { file: 'minutes.txt', say: '删掉孙妍的待办', expect: { cut: '孙妍' } },
  {
    file: 'minutes.txt',
    say: '在赵晨的待办后面加一条:吴桐:联系搬家公司,截止 11 月 5 日。',
    expect: { put: ['- 吴桐:联系搬家公司,截止 11 月 5 日。'], after: '赵晨' },
  },
  { file: 'minutes.txt', say: '食堂的午餐时间改为 12:30', expect: { cannot: true } },
  { file: 'deploy.yaml', say: 'Run 3 replicas of the gateway', expect: { sub: ['replicas: 2', 'replicas: 3'] } },
  { file: 'deploy.yaml', say: 'Keep backups for 30 days', expect: { sub: ['keep_days: 14', 'keep_days: 30'] } },
  { file: 'deploy.yaml', say: '打印机换成 prn-05.lan', expect: { sub: ['prn-02.lan', 'prn-05.lan'] } },
  {
    file: 'deploy.yaml',
    say: 'Set the log level of the gateway to debug',
    expect: { sub: ['log_level: info', 'log_level: debug'] },
  },
  {
    file: 'rules.md',
    say: 'The limit for article 217 is 800 units',
    expect: { sub: ['article 217 is 751 units', 'article 217 is 800 units'] },
  },
  {
    file: 'rules.md',
    say: 'The rules enter into force on 1 March 2026',
    expect: { sub: ['1 February 2026', '1 March 2026'] },
  },
  { file: 'rules.md', say: 'Questions go to room 22', expect: { sub: ['room 14', 'room 22'] }, anywhere: true },
  { file: 'rules.md', say: 'Visitors must register their drones', expect: { cannot: true } },
];

/** What the documents may look like after a case, given what they are now; more than one where several would do. */
export function wanted(text: string, expect: Expect): string[] {
  if ('cannot' in expect) return [text];
  if ('sub' in expect) return [replaceOnce(text, ...expect.sub)];
  if ('either' in expect) return expect.either.map(([from, to]) => replaceOnce(text, from, to));
  const lines = text.split('\n');
  if ('cut' in expect) return [lines.filter((line) => !line.includes(expect.cut)).join('\n')];
  const at = lines.findIndex((line) => line.includes(expect.after)) + 1;
  return expect.put.map((line) => [...lines.slice(0, at), line, ...lines.slice(at)].join('\n'));
}

function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`the case is wrong: "${from}" is not there exactly once`);
  return text.replace(from, () => to);
}

import { stem } from './terms.ts';

/**
 * General words of editing. `CHANGE` words say that something happens to a thing, `ATTRIBUTE` words name a quality that a
 * value shows by itself (60 days is a period whether or not the line says "period"). Neither has to be found in the
 * document for an instruction to be about it; every other content word has.
 */
const CHANGE_EN =
  'move moves use uses reach reached keep keeps store stored raise raised rise rises lower lowered cut increase increased decrease decreased ' +
  'reduce reduced extend extended shorten shortened go goes went become becomes cost costs start starts begin begins end ends switch turn run runs ' +
  'take takes taken place hold held happen give given get gets need needs want correct fix adjust bring forward back postpone postponed delay ' +
  'delayed bump rename renamed call called write say says state read reads swap transfer relocate shift assign assigned charge charged ' +
  'responsible handle handles look looks after do done let please kindly instead rather future onwards starting effective today tomorrow ' +
  'scale scaled remain out gets gives us after thereafter anymore buy come comes came arrive arrives remain remains become currently longer anymore still again already new newly old former previous current next entire whole complete completely allow allowed permit ' +
  'enable enabled disable disabled on off true false yes no drop drops strike erase clear cancel insert append include put create extra another ' +
  'everybody everyone people staff per each every both within until till before by than least most up down total same following mention mentions ' +
  'mentioned concerning regarding speak talk entry record field cell column table list section paragraph sentence word part bullet point ' +
  'sit sits located live lives stay stays belong belongs available open opens close closes opened closed employee employees wait last lasts';
const ATTRIBUTE_EN =
  'time date day days hour minute week month year price cost fee amount number quantity count level value rate period deadline limit duration length ' +
  'name title place location address person contact owner hour phone telephone unit size end start';
const CHANGE_HAN =
  '改成改为改到换成换到换为变成变为变更设为设成设置调整调到调高调低修改更新更改现在以后从今起开始不再再提高降低提升上调下调涨到涨至涨降到降至降' +
  '增加增至减少减至缩短延长延期推迟推后提前提早移到移至搬到搬至搬移转到转给交给交由由归给换把将请帮我把它这那个的了是为在到成至和与及该其应须都也就要' +
  '能可以一下吧里面中上下内处条款项行列句段一写错正确应当作删除掉去移除取消添加新补充插入记录负责承担打开关闭启用停用开启禁用定于放在位于存放使用采用用有' +
  '已经全部所有都会需要必须每次名叫做换人';
const ATTRIBUTE_HAN =
  '期限表从比例率机构总额度上下限方式类型版本状态等级时间日期数量价格金额费用地点位置名称号码标准人员级别次数天数人数单价总价电话联系方式元块天日周月年点分';

const CHANGE = new Set(CHANGE_EN.split(' ').map(stem));
const ATTRIBUTE = new Set(ATTRIBUTE_EN.split(' ').map(stem));
const HAN_NEUTRAL = new Set([...CHANGE_HAN, ...ATTRIBUTE_HAN]);

export function isNeutralStem(word: string): boolean {
  return CHANGE.has(word) || ATTRIBUTE.has(word);
}

export function isNeutralHan(character: string): boolean {
  return HAN_NEUTRAL.has(character);
}

import { errorKinds } from './kinds.ts';

export const inferenceErrors = errorKinds({
  MODEL_UNKNOWN: {
    category: 'not-found',
    en: 'There is no model "{model}" on this box.',
    zh: '盒子上没有名为“{model}”的模型。',
    hint: { en: 'See them all with: jingu model list', zh: '用 jingu model list 查看全部模型。' },
  },
  MODEL_NOT_READY: {
    category: 'unavailable',
    en: 'The model {model} is not ready ({state}).',
    zh: '模型 {model} 尚未就绪({state})。',
    hint: {
      en: 'Fetch it with: jingu model pull {model}; or import a file: jingu model import <file.gguf>',
      zh: '下载:jingu model pull {model};或导入文件:jingu model import <file.gguf>',
    },
  },
  MODEL_ALTERED: {
    category: 'unavailable',
    en: 'The file of {model} is not the one on record ({reason}), so it is not loaded.',
    zh: '{model} 的文件与记录不符({reason}),拒绝加载。',
    hint: {
      en: 'Remove the file and fetch it again: jingu model pull {model}',
      zh: '请删除该文件后重新下载:jingu model pull {model}',
    },
  },
  MODEL_QUARANTINED: {
    category: 'unavailable',
    en: 'The model {model} brought the engine down {crashes} times and is set aside: {reason}.',
    zh: '模型 {model} 已导致引擎崩溃 {crashes} 次,现已隔离:{reason}。',
    hint: {
      en: 'An administrator can try it again with: jingu model load {model}',
      zh: '管理员可用 jingu model load {model} 重试。',
    },
  },
  MODEL_LOAD_FAILED: {
    category: 'unavailable',
    en: 'The engine cannot load {model}: {reason}.',
    zh: '引擎无法加载 {model}:{reason}。',
    hint: { en: 'Check the free memory and the log of the box.', zh: '请检查可用内存和盒子日志。' },
  },
  MODEL_FILE_INVALID: {
    category: 'bad-input',
    en: 'This file cannot be imported: {reason}.',
    zh: '无法导入该文件:{reason}。',
    hint: { en: 'Give a GGUF model file on this box.', zh: '请提供本机上的 GGUF 模型文件。' },
  },
  MODEL_PULL_FAILED: {
    category: 'unavailable',
    retryable: true,
    en: 'The model {model} could not be fetched: {reason}.',
    zh: '无法下载模型 {model}:{reason}。',
    hint: {
      en: 'What arrived is kept. Try again, or import a file: jingu model import <file.gguf>',
      zh: '已下载的部分会保留。请重试,或导入文件:jingu model import <file.gguf>',
    },
  },
  ENGINE_RESTARTING: {
    category: 'unavailable',
    retryable: true,
    en: 'The engine of {model} stopped during this request and is being restarted.',
    zh: '{model} 的引擎在处理该请求时中断,正在重启。',
    hint: { en: 'Send the request again.', zh: '请重新发送请求。' },
  },
  PROMPT_TOO_LONG: {
    category: 'bad-input',
    http: 413,
    en: 'The prompt has {promptTokens} tokens and {reserveTokens} are kept for the answer; the model holds {contextTokens}.',
    zh: '提示共 {promptTokens} 个词元,另为回答预留 {reserveTokens} 个;模型上限为 {contextTokens}。',
    hint: { en: 'Send less text or ask for a shorter answer.', zh: '请减少文本或要求更短的回答。' },
  },
  SCHEMA_UNSUPPORTED: {
    category: 'bad-input',
    en: 'This schema cannot guide the model at {pointer}: {reason}.',
    zh: '该模式在 {pointer} 处无法用于约束模型:{reason}。',
    hint: {
      en: 'Use objects, arrays, strings, numbers, enum, const, anyOf and local $ref.',
      zh: '请使用对象、数组、字符串、数字、enum、const、anyOf 及本地 $ref。',
    },
  },
  GRAMMAR_INVALID: {
    category: 'bad-input',
    en: 'This grammar cannot be used: {reason}.',
    zh: '该语法无法使用:{reason}。',
    hint: { en: 'Give GBNF text with a rule named root.', zh: '请提供含 root 规则的 GBNF 文本。' },
  },
  PARAMETER_UNSUPPORTED: {
    category: 'bad-input',
    en: 'The parameter "{parameter}" is not supported: {reason}.',
    zh: '不支持参数“{parameter}”:{reason}。',
    hint: { en: 'Leave it out.', zh: '请去掉该参数。' },
  },
  OUTPUT_INVALID: {
    category: 'unavailable',
    retryable: true,
    en: 'The model answered, but not in the form that was asked for: {reason}.',
    zh: '模型已回答,但不符合要求的格式:{reason}。',
    hint: { en: 'Try again with more tokens or a simpler schema.', zh: '请增加词元上限或简化模式后重试。' },
  },
  ZONE_UNAVAILABLE: {
    category: 'unavailable',
    en: 'No provider is set up for {model} (zone {zone}).',
    zh: '尚未为 {model} 配置提供方(区域 {zone})。',
    hint: { en: 'Use a model of this box: jingu model list', zh: '请使用本机模型:jingu model list' },
  },
});

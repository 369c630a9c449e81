import { errorKinds } from './kinds.ts';

/** Documents and workspaces. Every one carries, in its details, what the next try needs. */
export const docErrors = errorKinds({
  DOC_WORKSPACE_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no workspace "{workspace}".',
    zh: '没有名为“{workspace}”的工作区。',
    hint: { en: 'workspace.list names them: {known}.', zh: '用 workspace.list 查看:{known}。' },
  },
  DOC_WORKSPACE_EXISTS: {
    category: 'conflict',
    en: 'The name "{workspace}" is already taken by {root}.',
    zh: '名称“{workspace}”已用于 {root}。',
    hint: { en: 'Choose another name, or remove that workspace first.', zh: '请换一个名称,或先移除该工作区。' },
  },
  DOC_WORKSPACE_OVERLAP: {
    category: 'conflict',
    en: 'The folder {root} overlaps with {other}.',
    zh: '文件夹 {root} 与 {other} 重叠。',
    hint: { en: 'A file may belong to one workspace only.', zh: '一个文件只能属于一个工作区。' },
  },
  DOC_ROOT_INVALID: {
    category: 'bad-input',
    en: 'The folder {root} cannot be a workspace: {reason}.',
    zh: '文件夹 {root} 不能作为工作区:{reason}。',
    hint: { en: 'Give the absolute path of an existing folder.', zh: '请提供已存在文件夹的绝对路径。' },
  },
  DOC_BUNDLE_INVALID: {
    category: 'bad-input',
    en: 'The git history cannot be taken in: {reason}.',
    zh: '无法收录该 git 历史:{reason}。',
    hint: {
      en: 'Make it with "git bundle create FILE --all" and name a file that is in it.',
      zh: '请用 “git bundle create 文件 --all” 生成,并指定其中存在的文件。',
    },
  },
  DOC_PATH_INVALID: {
    category: 'bad-input',
    en: 'The path is not right: {reason}.',
    zh: '路径有误:{reason}。',
    hint: {
      en: 'Use <workspace>/<path inside it>, as doc.list gives it.',
      zh: '请使用 doc.list 给出的 <工作区>/<路径>。',
    },
  },
  DOC_PATH_OUTSIDE: {
    category: 'denied',
    en: 'The path {path} leads out of its workspace ({reason}).',
    zh: '路径 {path} 指向工作区之外({reason})。',
    hint: {
      en: 'Links are not followed; put the file itself into the workspace.',
      zh: '不跟随链接;请把文件本身放入工作区。',
    },
  },
  DOC_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no document {path}.',
    zh: '没有文档 {path}。',
    hint: { en: 'Did you mean one of {near}? doc.list shows all.', zh: '是否想找 {near}?用 doc.list 查看全部。' },
  },
  DOC_EXISTS: {
    category: 'conflict',
    en: 'There is already a document {path}.',
    zh: '文档 {path} 已存在。',
    hint: { en: 'Edit it, or choose another name.', zh: '请编辑它,或换一个名称。' },
  },
  DOC_DELETED: {
    category: 'not-found',
    en: 'The document {path} was deleted; its last version is {version}.',
    zh: '文档 {path} 已被删除,最后版本为 {version}。',
    hint: { en: 'doc.rollback to version {version} brings it back.', zh: '用 doc.rollback 恢复到版本 {version}。' },
  },
  DOC_NOT_A_FILE: {
    category: 'bad-input',
    en: '{path} is not a regular file ({kind}).',
    zh: '{path} 不是普通文件({kind})。',
    hint: { en: 'Only regular files are documents.', zh: '只有普通文件才是文档。' },
  },
  DOC_TOO_LARGE: {
    category: 'bad-input',
    http: 413,
    en: '{path} has {bytes} bytes, the limit for a document is {limit}.',
    zh: '{path} 为 {bytes} 字节,文档上限为 {limit}。',
    hint: { en: 'Split it; the file itself is left as it is.', zh: '请拆分;文件本身保持不变。' },
  },
  DOC_READ_ONLY_KIND: {
    category: 'bad-input',
    en: '{path} is a {kind} file, which is not text here.',
    zh: '{path} 是 {kind} 文件,在此不作为文本处理。',
    hint: { en: 'Possible with it: {possible}.', zh: '可执行:{possible}。' },
  },
  DOC_PARSE_REFUSED: {
    category: 'bad-input',
    en: '{path} is not taken apart: {reason}.',
    zh: '{path} 未被解析:{reason}。',
    hint: {
      en: 'It stays as it is and keeps versions as a whole. Save it anew from its own program, or go back with doc.rollback to a version that opens.',
      zh: '文件原样保留,并按整个文件保存版本。请用原程序重新保存,或用 doc.rollback 回到能打开的版本。',
    },
  },
  DOC_UNSAFE_SPAN: {
    category: 'conflict',
    en: 'Verb {verb} would cut through something that is not plain text in {path}: {what}.',
    zh: '操作 {verb} 会切断 {path} 中的非纯文本内容:{what}。',
    hint: { en: 'These parts can be changed: {safe}.', zh: '可修改的部分:{safe}。' },
  },
  DOC_ENCODING: {
    category: 'bad-input',
    en: '{path} is not UTF-8, and the new text has characters that cannot be written into it safely.',
    zh: '{path} 不是 UTF-8 编码,新文本含有无法安全写入的字符。',
    hint: {
      en: 'Use characters that its encoding has (ASCII always is), or save the file as UTF-8 first.',
      zh: '请使用其编码中有的字符(ASCII 总是可以),或先将文件另存为 UTF-8。',
    },
  },
  DOC_VERSION_UNKNOWN: {
    category: 'not-found',
    en: '{path} has no version {version}; it has 1 to {head}.',
    zh: '{path} 没有版本 {version},现有 1 到 {head}。',
    hint: { en: 'Read it again and use the version the answer names.', zh: '请重新读取并使用返回的版本号。' },
  },
  DOC_PRUNED: {
    category: 'not-found',
    en: 'Version {version} of {path} was taken away to save space; the nearest ones are {before} and {after}.',
    zh: '{path} 的版本 {version} 已为节省空间而清理,最接近的版本为 {before} 与 {after}。',
    hint: {
      en: 'Use one of the versions in the details; doc.log shows all that are there.',
      zh: '请使用详情中的版本;doc.log 会列出现有的全部版本。',
    },
  },
  DOC_QUOTA: {
    category: 'unavailable',
    en: 'The history of {scope} takes {used} bytes, and {limit} are allowed; nothing was changed.',
    zh: '{scope} 的历史已占用 {used} 字节,上限为 {limit};未作任何更改。',
    hint: {
      en: 'Take old versions away with doc.prune, or allow more in the settings.',
      zh: '请用 doc.prune 清理旧版本,或在设置中提高上限。',
    },
  },
  DOC_LINE_UNKNOWN: {
    category: 'bad-input',
    en: 'Line {line} is not in version {version}, which has {total} lines.',
    zh: '版本 {version} 没有第 {line} 行,共 {total} 行。',
    hint: { en: 'All numbers of one call mean the version in base.', zh: '一次调用中的行号均指 base 版本。' },
  },
  DOC_SYNTAX: {
    category: 'conflict',
    en: '{path} does not hold together as its name says ({reason}, line {line}), so an address in it would be a guess.',
    zh: '{path} 的内容不符合其格式(第 {line} 行:{reason}),无法确定地址。',
    hint: { en: 'Use line numbers, and put that line right first.', zh: '请使用行号,并先修正该行。' },
  },
  DOC_ALIAS: {
    category: 'conflict',
    en: 'The address {address} is written once, at the anchor "{anchor}", and only pointed to here.',
    zh: '地址 {address} 只是指向锚点“{anchor}”的引用。',
    hint: {
      en: 'Edit {anchorAddress} for all of them, or cut this entry and put a new one there.',
      zh: '可编辑 {anchorAddress}(影响所有引用),或删除此条目后另行插入。',
    },
  },
  DOC_VERB_INVALID: {
    category: 'bad-input',
    en: 'Verb {verb} is not right: {reason}.',
    zh: '第 {verb} 个动作有误:{reason}。',
    hint: {
      en: 'Nothing was changed. Verbs: set, put, cut, sub, move.',
      zh: '未作任何更改。动作:set、put、cut、sub、move。',
    },
  },
  DOC_STALE_TARGET: {
    category: 'conflict',
    en: 'Line {from} to {to} of version {base} was changed since; version {version} is current.',
    zh: '版本 {base} 的第 {from} 至 {to} 行之后被改动,当前版本为 {version}。',
    hint: {
      en: 'Look at the current text in the details and call again with base {version}.',
      zh: '请查看详情中的当前文本,并以 base {version} 重试。',
    },
  },
  DOC_AMBIGUOUS: {
    category: 'conflict',
    en: 'The text is there {count} times.',
    zh: '该文本出现 {count} 次。',
    hint: {
      en: 'Name one of the candidate lines with "line", or say "all".',
      zh: '请用 line 指定候选行之一,或使用 all。',
    },
  },
  DOC_TEXT_NOT_FOUND: {
    category: 'not-found',
    en: 'The text is not in {path} ({difference}).',
    zh: '{path} 中没有该文本({difference})。',
    hint: { en: 'The nearest lines are in the details.', zh: '最接近的行见详情。' },
  },
  DOC_GUARD_FAILED: {
    category: 'conflict',
    en: 'The guard "{guard}" does not hold.',
    zh: '条件“{guard}”不成立。',
    hint: {
      en: 'Compare expected and actual in the details, then try again.',
      zh: '请对照详情中的期望值与实际值后重试。',
    },
  },
  DOC_UNSEEN_RANGE: {
    category: 'conflict',
    en: 'Lines of {path} that you were never shown would be changed: {unseen}.',
    zh: '将修改 {path} 中从未向您显示过的行:{unseen}。',
    hint: {
      en: 'They are in the details now. If the change still fits, make the same call again.',
      zh: '这些行已在详情中给出;如修改仍然合适,请重复同一调用。',
    },
  },
  DOC_ADDRESS_UNKNOWN: {
    category: 'not-found',
    en: 'There is no {address} in version {version} of {path}: {reason}.',
    zh: '{path} 的版本 {version} 中没有 {address}:{reason}。',
    hint: {
      en: 'doc.read, doc.outline and doc.find show what is there; line numbers always work.',
      zh: '可用 doc.read、doc.outline、doc.find 查看;行号始终可用。',
    },
  },
  DOC_CONFLICT: {
    category: 'conflict',
    en: 'Later changes lie in the same place, so this cannot be done without loss.',
    zh: '同一位置有后续改动,无法无损执行。',
    hint: { en: 'Compare the hunks in the details, then edit by hand.', zh: '请对照详情中的差异后手动编辑。' },
  },
  DOC_TOO_BROAD: {
    category: 'bad-input',
    en: 'The region has {lines} lines, the limit is {limit}.',
    zh: '区域共 {lines} 行,上限 {limit}。',
    hint: { en: 'Rewrite smaller sections, one after another.', zh: '请分成更小的部分逐个改写。' },
  },
  DOC_TOO_MANY: {
    category: 'bad-input',
    en: 'This is about {count} documents or more, the limit of one call is {limit}.',
    zh: '涉及 {count} 个以上文档,单次上限为 {limit}。',
    hint: { en: 'Take one folder after another.', zh: '请逐个文件夹处理。' },
  },
  DOC_NO_CHANGE: {
    category: 'conflict',
    en: 'The result would be equal to version {version}; nothing was done.',
    zh: '结果与版本 {version} 相同,未执行任何操作。',
    hint: { en: 'The text already says so.', zh: '文本已是如此。' },
  },
  DOC_NOTHING_TO_UNDO: {
    category: 'not-found',
    en: 'There is nothing to take back here.',
    zh: '这里没有可撤销的内容。',
    hint: { en: 'doc.log shows what was done and what was undone.', zh: '用 doc.log 查看记录。' },
  },
  DOC_TAG_EXISTS: {
    category: 'conflict',
    en: 'The tag "{name}" already names version {version}.',
    zh: '标签“{name}”已用于版本 {version}。',
    hint: { en: 'Remove it first, or choose another name.', zh: '请先移除,或换一个名称。' },
  },
  DOC_FILE_FAILED: {
    category: 'unavailable',
    en: 'The file {path} cannot be used: {reason}.',
    zh: '无法使用文件 {path}:{reason}。',
    hint: { en: 'Look at the rights and the free space of the share.', zh: '请检查共享的权限与剩余空间。' },
  },
  DOC_SHARE_AWAY: {
    category: 'unavailable',
    en: 'The files of the workspace "{workspace}" are out of reach: {reason}.',
    zh: '工作区“{workspace}”的文件无法访问:{reason}。',
    hint: {
      en: 'Mount its disk again. Its documents and their history are untouched.',
      zh: '请重新挂载磁盘。文档及其历史不受影响。',
    },
  },
  DOC_NAME_CLASH: {
    category: 'conflict',
    en: 'The name {path} would clash with {other}: {reason}.',
    zh: '名称 {path} 与 {other} 冲突:{reason}。',
    hint: { en: 'Choose another name, or rename that file first.', zh: '请换一个名称,或先重命名该文件。' },
  },
  DOC_BUSY: {
    category: 'conflict',
    retryable: true,
    en: 'The document {path} changed while this was prepared.',
    zh: '准备期间文档 {path} 发生了变化。',
    hint: { en: 'Try again; nothing was done.', zh: '请重试,未执行任何操作。' },
  },
  DOC_CORRUPT: {
    category: 'internal',
    en: 'Stored history of {path} does not fit together at version {version}: {reason}.',
    zh: '{path} 在版本 {version} 处的历史记录不一致:{reason}。',
    hint: {
      en: 'Nothing was changed, and other documents are not touched by it. See how far it goes with doc.verify (full), save the versions that still read with doc.export, then restore a backup.',
      zh: '未作更改,其他文档不受影响。请用 doc.verify(full)查看范围,用 doc.export 保存仍可读取的版本,然后恢复备份。',
    },
  },
});

import { Command, CommanderError } from 'commander';
import type { Locale } from '../common/index.ts';
import type { Contract } from './contract.ts';
import { addGlobals, type Globals, kebab, readGlobals } from './globals.ts';
import { addInput, readInput } from './input.ts';
import { shellWord } from './shell-word.ts';

export interface Parsed {
  input: Record<string, unknown>;
  globals: Globals;
}

/** `--help` was asked for; the text is what to print. */
export class HelpAsked extends Error {}

/** Words of one leaf command to an input and the common options. Throws HelpAsked, or TypeError with the reason. */
export function parseLeaf(contract: Contract, argv: readonly string[], locale: Locale): Parsed {
  const command = leafCommand(contract, locale);
  const taken = takenNames(contract);
  let parsed: Command;
  try {
    parsed = command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0)
      throw new HelpAsked(command.helpInformation() + examplesText(contract));
    if (error instanceof CommanderError) throw new TypeError(error.message.replace(/^error: /, ''));
    throw error;
  }
  const values = parsed.opts<Record<string, unknown>>();
  // A default is not something the person said.
  const said = Object.fromEntries(
    Object.entries(values).filter(([name]) => parsed.getOptionValueSource(name) === 'cli'),
  );
  return {
    globals: readGlobals(said, taken),
    input: readInput({
      schema: contract.input,
      positional: contract.positional ?? [],
      words: parsed.processedArgs as (string | string[] | undefined)[],
      flags: said,
    }),
  };
}

export function takenNames(contract: Contract): Set<string> {
  return new Set(Object.keys(contract.input.properties ?? {}).map(kebab));
}

export function leafCommand(contract: Contract, locale: Locale): Command {
  const [noun, verb] = contract.id.split('.') as [string, string];
  const command = new Command(`jingu ${noun} ${kebab(verb)}`)
    .description(
      [contract.summary[locale], ...(contract.useWhen ?? []).map((when) => `Use it when ${when}.`)].join('\n'),
    )
    .exitOverride()
    .configureOutput({ writeOut() {}, writeErr() {} })
    .helpOption('-h, --help', 'show this')
    .allowExcessArguments(false);
  addInput(command, contract.input, contract.positional ?? []);
  addGlobals(command, takenNames(contract));
  return command;
}

function examplesText(contract: Contract): string {
  const examples = contract.examples.map(
    (example) => `  # ${example.note}\n  ${exampleLine(contract, example.input)}\n`,
  );
  return examples.length > 0 ? `\nExamples:\n${examples.join('')}` : '';
}

/** The command that an example of the contract stands for. */
export function exampleLine(contract: Contract, input: Record<string, unknown>): string {
  const [noun, verb] = contract.id.split('.') as [string, string];
  const positional = contract.positional ?? [];
  const words = positional.filter((name) => input[name] !== undefined).map((name) => shellWord(input[name]));
  const flags = Object.entries(input)
    .filter(([name]) => !positional.includes(name))
    .map(([name, value]) => flagText(kebab(name), value));
  return ['jingu', noun, kebab(verb), ...words, ...flags].join(' ');
}

function flagText(flag: string, value: unknown): string {
  if (value === true) return `--${flag}`;
  if (value === false) return `--no-${flag}`;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return `--${flag} ${value.map(shellWord).join(' ')}`;
  return `--${flag} ${shellWord(value)}`;
}

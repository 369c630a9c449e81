import { isJinguError } from '../../common/index.ts';
import { serveGuest } from '../../guest/index.ts';
import { refused } from '../office/refused.ts';
import { METHODS, type ParseMethod } from './methods.ts';
import { ANSWER_PIECE, cutBytes, MAX_BODY, type ParseCall, type ParseResult } from './wire.ts';

/** Reads foreign formats for the box. It holds no key, no file and no socket; it may die of any input. */
serveGuest({
  maxBody: MAX_BODY,
  methods: Object.fromEntries(
    Object.entries<ParseMethod>(METHODS).map(([name, method]) => [
      name,
      async (call: ParseCall, { body, part }) => {
        const { value, blobs = [] } = await answered(() => method(call.params, cutBytes(body, call.bodies)));
        const json = Buffer.from(JSON.stringify(value) ?? 'null');
        for (const bytes of [json, ...blobs]) {
          for (let from = 0; from < bytes.length; from += ANSWER_PIECE) {
            await part(bytes.subarray(from, from + ANSWER_PIECE));
          }
        }
        return { json: json.length, blobs: blobs.map((blob) => blob.length) } satisfies ParseResult;
      },
    ]),
  ),
});

/** What a parser throws by accident says nothing that should leave this process. */
async function answered<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isJinguError(error)) throw error;
    process.stderr.write(`unexpected: ${error instanceof Error ? error.name : 'error'}\n`);
    throw refused('it could not be read');
  }
}
